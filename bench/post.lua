-- wrk's script: posts the file that BODY names, and prints requests a second and how many requests failed.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = file:read("*a")
file:close()

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("rate %f failed %d\n", summary.requests / (summary.duration / 1e6), failed))
end
