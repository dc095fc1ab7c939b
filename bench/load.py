"""The load: wrk, sending requests of a list in turn."""
import json
import os
import subprocess

from target import listed

LOAD_LUA = """-- Sends the requests of the file $REQUESTS in turn, and prints one line of JSON.
local requests, next_request = {}, 0
function init()
  local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
  while true do
    local length = file:read("*n", "*l")
    if not length then break end
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end
function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end
function done(summary, latency)
  local e = summary.errors
  io.stderr:write(string.format('{"requests":%d,"seconds":%.6f,"failed":%d,"p50":%.3f,"p99":%.3f}\\n', summary.requests,
    summary.duration / 1e6, e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def load(work, address, requests, seconds, connections):
    """Sends the requests over so many connections for so long; returns what wrk saw."""
    script, path = work / "load.lua", work / "requests"
    script.write_text(LOAD_LUA)
    path.write_bytes(listed(requests))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script, f"http://{address}/"]
    ended = subprocess.run(command, env=os.environ | {"REQUESTS": str(path)}, capture_output=True, text=True)
    if ended.returncode or "{" not in ended.stderr:
        raise SystemExit(f"wrk failed: {ended.stderr}{ended.stdout}")
    return json.loads(ended.stderr.strip().splitlines()[-1])
