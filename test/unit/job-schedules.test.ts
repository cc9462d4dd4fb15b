import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isEvery, isNeverStarted, scheduleCalls, scheduleText, scheduleTexts } from "../../estate/job-schedules";
import type { JobSchedule } from "../../estate/observation-types";
import { job } from "./support/estate";

const [every15] = job("LSCopy").schedules;
assert.ok(every15);
const schedule = (change: Partial<JobSchedule> = {}): JobSchedule => ({ ...every15, ...change });
const withSchedules = (...schedules: JobSchedule[]) => job("LSCopy", { schedules });

/** Names of the procedures that each batch calls, with the schedule's id where one is given. */
const calls = (...schedules: JobSchedule[]): string[] =>
  scheduleCalls(withSchedules(...schedules), "LSSchedule", 15).map((text) => {
    const procedures = [...text.matchAll(/msdb\.dbo\.(sp_\w+)\n/g)].map(([, procedure]) => procedure);
    const id = /@schedule_id = (\d+)/.exec(text)?.[1];
    return [...procedures, ...(id === undefined ? [] : [id])].join(" ");
  });

describe("schedules of a job", () => {
  const cases: readonly (readonly [string, Partial<JobSchedule>, string])[] = [
    ["as wanted", {}, "every 15 minutes"],
    ["every minute", { freqSubdayInterval: 1 }, "every 1 minute"],
    ["disabled", { enabled: false }, "every 15 minutes, disabled"],
    ["by day", { activeStartTime: 63000, activeEndTime: 200000 }, "every 15 minutes, from 06:30:00 to 20:00:00"],
    ["ended", { activeEndDate: 20130101, inForce: false }, "every 15 minutes, until 2013-01-01"],
    ["ending", { activeEndDate: 20990101 }, "every 15 minutes, until 2099-01-01"],
    ["to begin", { activeStartDate: 20990101, inForce: false }, "every 15 minutes, not before 2099-01-01"],
    [
      "weekly",
      { freqType: 8, freqInterval: 62 },
      "freq_type 8, freq_interval 62, freq_subday_type 4, freq_subday_interval 15",
    ],
    ["by hours", { freqSubdayType: 8 }, "freq_type 4, freq_interval 1, freq_subday_type 8, freq_subday_interval 15"],
  ];
  for (const [what, change, text] of cases) {
    it(`reads one that is ${what}`, () => {
      assert.equal(scheduleText(schedule(change)), text);
      assert.equal(isEvery(schedule(change), 15), what === "as wanted");
    });
  }

  it("is no rest for a job as long as one of them starts it", () => {
    assert.ok(isNeverStarted(withSchedules()));
    assert.ok(isNeverStarted(withSchedules(schedule({ enabled: false }), schedule({ inForce: false }))));
    assert.ok(!isNeverStarted(withSchedules(schedule({ enabled: false }), schedule({ freqSubdayInterval: 60 }))));
  });

  it("are listed in one order, whatever their ids", () => {
    const two = [schedule({ freqSubdayInterval: 60 }), schedule({ scheduleId: 9 })];
    assert.deepEqual(scheduleTexts(withSchedules(...two)), scheduleTexts(withSchedules(...two.reverse())));
  });

  it("are left alone when there is one, as wanted", () => assert.deepEqual(calls(schedule()), []));

  it("are changed by id, one made where there is none, surplus ones taken off", () => {
    assert.deepEqual(calls(schedule({ scheduleId: 4, freqSubdayInterval: 60 })), ["sp_update_schedule 4"]);
    assert.deepEqual(calls(), ["sp_add_schedule sp_attach_schedule"]);
    assert.deepEqual(calls(schedule({ scheduleId: 4, enabled: false }), schedule({ scheduleId: 5 })), [
      "sp_detach_schedule 4",
    ]);
  });

  it("of other jobs are taken off this one, never changed", () => {
    const shared = schedule({ scheduleId: 4, freqSubdayInterval: 60, jobs: 2 });
    assert.deepEqual(calls(shared), ["sp_add_schedule sp_attach_schedule", "sp_detach_schedule 4"]);
    assert.deepEqual(calls(shared, schedule({ scheduleId: 5, freqSubdayInterval: 30 })), [
      "sp_update_schedule 5",
      "sp_detach_schedule 4",
    ]);
  });

  it("get a first day only where theirs has not come", () => {
    const text = (change: Partial<JobSchedule>): string =>
      scheduleCalls(withSchedules(schedule(change)), "LSSchedule", 15).join();
    assert.match(text({ activeStartDate: 20990101, inForce: false }), /@active_start_date = 19900101/);
    assert.doesNotMatch(text({ activeEndDate: 20130101, inForce: false }), /@active_start_date/);
    assert.doesNotMatch(text({ freqSubdayInterval: 60 }), /@active_start_date/);
  });
});
