import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { test } from "node:test";
import { type ApiEditor, connect, METADATA_ONLY } from "../../providers/existing/api-client.ts";

/** Speaks to a server that answers by a function. */
async function against(answer: RequestListener, speak: (api: ApiEditor) => Promise<void>): Promise<void> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const url = `http://127.0.0.1:${port}`;
  try {
    const context = {
      name: "a",
      context: { cluster: "a", user: "a" },
      cluster: { server: url },
      user: { token: "t" },
    };
    await speak(await connect(context));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("an answer that breaks off is an error that names the cluster", { timeout: 60_000 }, async () => {
  await against(
    (_request, response) => {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("{", () => response.destroy());
    },
    (api) => assert.rejects(api.get("/api"), /^Error: the cluster at \S+ does not answer \(aborted\)/),
  );
});

test("an answer that is no JSON is an error that names the cluster", async () => {
  await against(
    (_request, response) => response.end("<html>"),
    (api) => assert.rejects(api.get("/api"), /^Error: http:\S+\/api answered what is no JSON/),
  );
});

test("metadata alone is asked for by a header, beside the user's token", async () => {
  await against(
    (request, response) => {
      const { accept, authorization } = request.headers;
      response.end(JSON.stringify({ accept, authorization }));
    },
    async (api) =>
      assert.deepEqual(await api.get("/api", METADATA_ONLY), {
        kind: "found",
        object: {
          accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
          authorization: "Bearer t",
        },
      }),
  );
});

test("a server that is busy is asked again when it says so, and not for ever", async () => {
  let asked = 0;
  const busy =
    (times: number): RequestListener =>
    (_request, response) => {
      asked++;
      response.writeHead(asked <= times ? 429 : 200, { "Retry-After": "0" });
      response.end("{}");
    };
  await against(busy(2), async (api) =>
    assert.deepEqual(await api.get("/api"), { kind: "found", object: {} }),
  );
  assert.equal(asked, 3);
  await against(busy(Number.POSITIVE_INFINITY), (api) =>
    assert.rejects(api.get("/api"), /^Error: http:\S+\/api answered 429/),
  );
});

test("what an object owns is deleted before it, and one that is gone is no error", async () => {
  const asked: string[] = [];
  await against(
    (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(asked.length === 1 ? 200 : 404).end("{}");
    },
    async (api) => {
      for (const path of ["/apis/batch/v1/namespaces/a/jobs/b", "/api/v1/namespaces/a/secrets/b"])
        await api.remove(path);
    },
  );
  assert.deepEqual(asked, [
    "DELETE /apis/batch/v1/namespaces/a/jobs/b?propagationPolicy=Foreground",
    "DELETE /api/v1/namespaces/a/secrets/b?propagationPolicy=Foreground",
  ]);
});
