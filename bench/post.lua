-- wrk's script: posts the file BODY, and prints the number of responses, their number per second, the number of failures,
-- and latencies in milliseconds. DELAY is the mean pause of a connection before each request, in milliseconds.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = file:read("*a")
file:close()

local pause = tonumber(os.getenv("DELAY") or "0")
if pause > 0 then
  function delay()
    return math.floor(math.random() * 2 * pause + 0.5)
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local rate = summary.requests / (summary.duration / 1e6)
  io.write(string.format("requests %d rate %f failed %d p50 %f p99 %f\n", summary.requests, rate, failed,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
