-- Of ten requests eight read a row, one reads the first hundred and one writes. A report in JSON at the end.
local sent = 0
local headers = { ["Content-Type"] = "application/json" }
local write, list

function init(_)
  write = wrk.format("POST", "/items", headers, '{"name": "one of many"}')
  list = wrk.format("GET", "/items")
end

function request()
  sent = sent + 1
  local turn = sent % 10
  if turn == 0 then return write end
  if turn == 5 then return list end
  return wrk.format("GET", "/items/" .. (sent * 7 % 100 + 1))
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
