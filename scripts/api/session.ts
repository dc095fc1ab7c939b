// The README's session by a client that openapi-typescript makes: its types are checked by the compiler, its calls here.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const baseUrl = process.argv[2];
const credentials = { email: `typescript-${crypto.randomUUID()}@example.com`, password: "correct horse battery staple" };
const anonymous = createClient<paths>({ baseUrl });

const registered = await anonymous.POST("/v1/auth/register", { body: credentials });
assert.equal(registered.response.status, 201);
assert.equal(registered.data?.email, credentials.email);
const { data: tokens } = await anonymous.POST("/v1/auth/login", { body: credentials });
assert.equal(tokens?.token_type, "Bearer");

const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${tokens.access_token}` } });
const { data: task, response: created } = await client.POST("/v1/tasks", {
  body: { title: "Water the plants", due: { date: "2026-12-24" }, labels: ["home"] },
});
assert.ok(task);
assert.equal(created.headers.get("etag"), '"1"');
const day = task.due && "date" in task.due ? task.due.date : null;
assert.deepEqual([task.title, day, task.labels, task.version], ["Water the plants", "2026-12-24", ["home"], 1]);
const path = { id: task.id };

const { data: listed } = await client.GET("/v1/tasks", { params: { query: { label: ["home"], limit: 10 } } });
assert.deepEqual(listed?.items, [task]);

const header = { "If-Match": '"1"' };
const { data: patched } = await client.PATCH("/v1/tasks/{id}", {
  params: { path, header },
  body: { priority: "high" },
  headers: { "content-type": "application/merge-patch+json" },
});
assert.deepEqual([patched?.priority, patched?.version, patched?.title], ["high", 2, "Water the plants"]);
const stale = await client.PATCH("/v1/tasks/{id}", { params: { path, header }, body: { priority: "low" } });
assert.deepEqual([stale.response.status, stale.error?.code], [412, "VERSION_MISMATCH"]);

const { data: completed } = await client.POST("/v1/tasks/{id}/complete", { params: { path } });
assert.equal(completed?.status, "completed");
assert.equal((await client.DELETE("/v1/tasks/{id}", { params: { path } })).response.status, 204);
const missing = await client.GET("/v1/tasks/{id}", { params: { path } });
assert.deepEqual([missing.response.status, missing.error?.code], [404, "TASK_NOT_FOUND"]);
const { data: restored } = await client.POST("/v1/trash/{id}/restore", { params: { path } });
assert.ok(restored);

const { data: page } = await client.GET("/v1/changes", { params: { query: { limit: 100 } } });
const operations = page?.items.filter((change) => change.object_id === task.id).map((change) => change.operation);
assert.deepEqual(operations, ["create", "update", "complete", "delete", "restore"]);
assert.equal((await client.POST("/v1/auth/logout")).response.status, 204);
assert.equal((await client.GET("/v1/me")).response.status, 401);
