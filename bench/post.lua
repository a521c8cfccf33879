-- wrk's script: posts the file that BODY names, and prints how many requests got a response, how many a second, and how
-- many failed.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = file:read("*a")
file:close()

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local rate = summary.requests / (summary.duration / 1e6)
  io.write(string.format("requests %d rate %f failed %d\n", summary.requests, rate, failed))
end
