/**
 * Comments of pull request 12 as GitHub, GitLab and Azure DevOps keep them, on loopback: the requests that their references give
 * ("REST API endpoints for issue comments"; "Notes API"; "Pull Request Threads", "Pull Request Thread Comments"), pages and refusals.
 */
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** The platforms by the names that their files have. */
export type Host = "github" | "gitlab" | "azure";

/** One comment that somebody made; on Azure DevOps the first one of a thread. */
export interface HostedComment {
  readonly id: number;
  readonly author: string;
  text: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  /** The thread's, on Azure DevOps. */
  readonly status?: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Asked = Readonly<Record<string, unknown>>;

/** Who writes with the right token: GitHub's own name, and the user of GitLab's and Azure's tokens. */
const OWN = "github-actions[bot]";

/** The tokens that are taken. */
export const HOST_TOKENS: Readonly<Record<Host, string>> = {
  github: "hub-token",
  gitlab: "lab-token",
  azure: "azure-token",
};

const REPOSITORY = "5feeb4ac-7d40-4f4a-8d7e-6d5d0b3b9b15";
const GITHUB = "/github/repos/messaging/chat/issues";
const GITLAB = "/api/v4/projects/7/merge_requests/12/notes";
const AZURE = `/contoso/Lync%20chat/_apis/git/repositories/${REPOSITORY}/pullRequests/12/threads`;

export class PullRequestHosts {
  readonly comments: Readonly<Record<Host, HostedComment[]>> = { github: [], gitlab: [], azure: [] };
  readonly #server: Server;
  #last = 100;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts; `others` answers what is no request for comments. */
  static async start(others: (request: IncomingMessage, response: ServerResponse) => void): Promise<PullRequestHosts> {
    const server = createServer();
    const hosts = new PullRequestHosts(server);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        const answer = hosts.#answer(request, body);
        if (answer === undefined) others(request, response);
        else response.writeHead(answer.status).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return hosts;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** A comment by somebody else. */
  add(host: Host, author: string, text: string): void {
    this.comments[host].push({ id: ++this.#last, author, text });
  }

  /** What a job of the pull request finds in its environment; `folder` takes the event's file. The other platforms' are taken out. */
  variables(host: Host, folder: string): Record<string, string> {
    const root = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
    const event = join(folder, "event.json");
    if (host === "github")
      writeFileSync(event, JSON.stringify({ pull_request: { number: 12, head: { sha: "c0ffee" } } }));
    const own: Readonly<Record<Host, Record<string, string>>> = {
      github: {
        GITHUB_ACTIONS: "true",
        GITHUB_API_URL: `${root}/github`,
        GITHUB_EVENT_PATH: event,
        GITHUB_REPOSITORY: "messaging/chat",
        GITHUB_RUN_ID: "34",
        GITHUB_SERVER_URL: "https://github.contoso.com",
        GITHUB_TOKEN: HOST_TOKENS.github,
      },
      gitlab: {
        GITLAB_CI: "true",
        CI_API_V4_URL: `${root}/api/v4`,
        CI_PROJECT_ID: "7",
        CI_MERGE_REQUEST_IID: "12",
        CI_COMMIT_SHA: "c0ffee",
        CI_JOB_URL: "https://gitlab.contoso.com/messaging/chat/-/jobs/34",
        PERSISTENT_CHAT_DR_COMMENT_TOKEN: HOST_TOKENS.gitlab,
      },
      azure: {
        TF_BUILD: "True",
        BUILD_BUILDID: "34",
        BUILD_REPOSITORY_ID: REPOSITORY,
        BUILD_REPOSITORY_PROVIDER: "TfsGit",
        BUILD_SOURCEVERSION: "c0ffee",
        SYSTEM_ACCESSTOKEN: HOST_TOKENS.azure,
        SYSTEM_COLLECTIONURI: `${root}/contoso/`,
        SYSTEM_PULLREQUEST_PULLREQUESTID: "12",
        SYSTEM_TEAMPROJECT: "Lync chat",
      },
    };
    return { GITHUB_ACTIONS: "", GITLAB_CI: "", TF_BUILD: "", ...own[host] };
  }

  #answer(request: IncomingMessage, sent: string): Answer | undefined {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const route = `${request.method ?? ""} ${url.pathname}`;
    const asked = (): Asked => JSON.parse(sent) as Asked;
    if (url.pathname.startsWith(GITHUB)) {
      if (request.headers.authorization !== `Bearer ${HOST_TOKENS.github}`)
        return { status: 401, body: { message: "Bad credentials" } };
      return this.#github(route, url, asked);
    }
    if (url.pathname.startsWith(GITLAB) || url.pathname === "/api/v4/user") {
      if (request.headers["private-token"] !== HOST_TOKENS.gitlab)
        return { status: 401, body: { message: "401 Unauthorized" } };
      return this.#gitlab(route, url, asked);
    }
    if (url.pathname.startsWith(AZURE)) {
      // To the page where a person signs in.
      if (request.headers.authorization !== `Bearer ${HOST_TOKENS.azure}`)
        return { status: 302, body: "<html>Object moved</html>" };
      if (url.searchParams.get("api-version") === null) return { status: 400, body: { message: "No api-version" } };
      return this.#azure(route, asked);
    }
    return undefined;
  }

  #github(route: string, url: URL, asked: () => Asked): Answer {
    const list = this.comments.github;
    const shown = ({ id, author, text }: HostedComment) => ({ id, body: text, user: { login: author } });
    if (route === `GET ${GITHUB}/12/comments`) return { status: 200, body: page(list, url, 30).map(shown) };
    const tooLong = () => String(asked()["body"]).length > 65_536;
    if (route === `POST ${GITHUB}/12/comments`)
      return tooLong()
        ? { status: 422, body: { message: "Validation Failed" } }
        : this.#made("github", asked()["body"], 201);
    const changed = list.find(({ id }) => route === `PATCH ${GITHUB}/comments/${String(id)}`);
    return changed === undefined || tooLong() ? NOT_FOUND : replaced(changed, asked()["body"]);
  }

  #gitlab(route: string, url: URL, asked: () => Asked): Answer {
    const list = this.comments.gitlab;
    const shown = ({ id, author, text }: HostedComment) => ({
      id,
      body: text,
      system: false,
      author: { id: author === OWN ? 1 : 2 },
    });
    if (route === "GET /api/v4/user") return { status: 200, body: { id: 1, username: "project_7_bot" } };
    if (route === `GET ${GITLAB}`) return { status: 200, body: page([...list].reverse(), url, 20).map(shown) };
    if (route === `POST ${GITLAB}`) return this.#made("gitlab", asked()["body"], 201);
    const changed = list.find(({ id }) => route === `PUT ${GITLAB}/${String(id)}`);
    if (changed === undefined) return NOT_FOUND;
    return changed.author === OWN
      ? replaced(changed, asked()["body"])
      : { status: 403, body: { message: "403 Forbidden" } };
  }

  #azure(route: string, asked: () => Asked): Answer {
    const list = this.comments.azure;
    if (route === `GET ${AZURE}`) {
      const value = list.map(({ id, text, properties = {} }) => ({
        id,
        isDeleted: false,
        comments: [{ id: 1, content: text, commentType: "text" }],
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, $value]) => [name, { $type: "System.String", $value }]),
        ),
      }));
      return { status: 200, body: { value, count: value.length } };
    }
    if (route === `POST ${AZURE}`) {
      const { comments, properties, status } = asked() as { comments: Asked[]; properties?: object; status?: string };
      return this.#made("azure", comments[0]?.["content"], 200, { properties, status });
    }
    const changed = list.find(({ id }) => route === `PATCH ${AZURE}/${String(id)}/comments/1`);
    return changed === undefined ? NOT_FOUND : replaced(changed, asked()["content"]);
  }

  #made(host: Host, text: unknown, status: number, more: object = {}): Answer {
    if (typeof text !== "string" || text === "") return { status: 400, body: { message: "no text" } };
    const comment: HostedComment = { id: ++this.#last, author: OWN, text, ...more };
    this.comments[host].push(comment);
    return { status, body: { id: comment.id } };
  }
}

const NOT_FOUND: Answer = { status: 404, body: { message: "Not Found" } };

function replaced(comment: HostedComment, text: unknown): Answer {
  if (typeof text !== "string" || text === "") return { status: 400, body: { message: "no text" } };
  comment.text = text;
  return { status: 200, body: { id: comment.id } };
}

/** One page, as `per_page` (at most 100) and `page` say. */
function page<T>(list: readonly T[], { searchParams }: URL, usual: number): T[] {
  const size = Math.min(100, Number(searchParams.get("per_page") ?? usual));
  const start = (Number(searchParams.get("page") ?? 1) - 1) * size;
  return list.slice(start, start + size);
}
