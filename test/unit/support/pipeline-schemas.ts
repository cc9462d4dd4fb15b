/**
 * What Azure Pipelines and the Pulumi Kubernetes Operator take, reduced to the members that our files use; anything else is refused.
 * Neither platform's schema comes as a package.
 */
import { z } from "zod";

const text = z.string().min(1);
const texts = z.record(text, z.string());

// Microsoft, "YAML schema reference for Azure Pipelines": steps.checkout, steps.task, steps.bash, steps.publish, jobs.job,
// jobs.deployment, jobs.deployment.strategy.runOnce, stages.stage, pipeline, schedules.cron.
// "target definition".
const target = z.strictObject({
  commands: z.enum(["any", "restricted"]),
  settableVariables: z.union([z.literal("none"), z.array(text)]),
});
const stepOptions = {
  target: target.optional(),
  displayName: text.optional(),
  condition: text.optional(),
  env: texts.optional(),
};
const step = z.union([
  z.strictObject({ checkout: z.enum(["self", "none"]), clean: z.boolean().optional(), ...stepOptions }),
  // "Tasks index": the inputs of the two tasks by their documented names.
  z.strictObject({ task: z.literal("UseNode@1"), inputs: z.strictObject({ version: text }), ...stepOptions }),
  z.strictObject({
    task: z.literal("DownloadPipelineArtifact@2"),
    inputs: z.strictObject({
      buildType: z.literal("specific"),
      project: text,
      definition: text,
      buildVersionToDownload: z.literal("latestFromBranch"),
      branchName: text,
      artifactName: text,
      targetPath: text,
    }),
    ...stepOptions,
  }),
  z.strictObject({ bash: text, ...stepOptions }),
  z.strictObject({ publish: text, artifact: text, ...stepOptions }),
]);
const steps = z.array(step).min(1);
// "Name of the job, A-Z, a-z, 0-9, and underscore"; `deploy` is a keyword.
const jobName = z
  .string()
  .regex(/^[A-Za-z0-9_]+$/)
  .refine((name) => name !== "deploy");
const minutes = z.int().min(0);
const job = z.union([
  z.strictObject({ job: jobName, timeoutInMinutes: minutes.optional(), steps }),
  z.strictObject({
    deployment: jobName,
    environment: text,
    timeoutInMinutes: minutes.optional(),
    strategy: z.strictObject({ runOnce: z.strictObject({ deploy: z.strictObject({ steps }) }) }),
  }),
]);
const branches = z.strictObject({ branches: z.strictObject({ include: z.array(text).min(1) }) });
const trigger = z.union([z.literal("none"), branches]);
const common = {
  trigger,
  pr: trigger,
  pool: z.strictObject({ name: text }),
  variables: z.array(z.strictObject({ group: text })),
  lockBehavior: z.enum(["sequential", "runLatest"]).optional(),
  // "cron: string # Cron syntax … five space-delimited fields".
  schedules: z
    .array(
      z.strictObject({
        cron: z.string().regex(/^(\S+ ){4}\S+$/),
        displayName: text,
        ...branches.shape,
        always: z.boolean(),
      }),
    )
    .optional(),
};

/** One pipeline: of jobs, or of stages. */
export const azureSchema = z.union([
  z.strictObject({ ...common, jobs: z.array(job).min(1) }),
  z.strictObject({ ...common, stages: z.array(z.strictObject({ stage: jobName, jobs: z.array(job).min(1) })).min(1) }),
]);

// pulumi/pulumi-kubernetes-operator 2.9.0, deploy/crds/pulumi.com_stacks.yaml, version v1; ResourceRef's kinds:
// operator/api/pulumi/shared/stack_types.go.
const resourceReference = z.union([
  z.strictObject({ type: z.literal("Literal"), literal: z.strictObject({ value: z.string() }) }),
  z.strictObject({ type: z.literal("Secret"), secret: z.strictObject({ name: text, key: text }) }),
  z.strictObject({ type: z.literal("Env"), env: z.strictObject({ name: text }) }),
  z.strictObject({ type: z.literal("FS"), filesystem: z.strictObject({ path: text }) }),
]);

/** A Stack of the operator from a branch of a git repository. */
export const operatorStackSchema = z.strictObject({
  apiVersion: z.literal("pulumi.com/v1"),
  kind: z.literal("Stack"),
  // x-kubernetes-validations: the name has at most 42 characters.
  metadata: z.strictObject({ name: z.string().max(42), namespace: text }),
  spec: z.strictObject({
    stack: text,
    serviceAccountName: text.optional(),
    useLocalStackOnly: z.boolean().optional(),
    backend: text.optional(),
    projectRepo: text,
    // Branch and commit exclude each other, and one is needed.
    branch: text,
    shallow: z.boolean().optional(),
    preview: z.boolean().optional(),
    refresh: z.boolean().optional(),
    continueResyncOnCommitMatch: z.boolean().optional(),
    // "The minimum value is 60 seconds".
    resyncFrequencySeconds: z.int().min(60).optional(),
    retryMaxBackoffDurationSeconds: z.int().optional(),
    destroyOnFinalize: z.boolean().optional(),
    updateTemplate: z.strictObject({ spec: z.strictObject({ expectNoChanges: z.boolean() }) }).optional(),
    envRefs: z.record(text, resourceReference).optional(),
    workspaceTemplate: z.strictObject({ spec: z.strictObject({ image: text }) }).optional(),
  }),
});
