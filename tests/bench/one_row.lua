-- wrk: POST one row again and again, count what is not 200, end with one line of JSON.
-- usage: wrk ... -s one_row.lua URL -- BODY
function init(args)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = args[1]
end

function done(summary, latency, requests)
    local bad = summary.errors.status + summary.errors.connect + summary.errors.read +
        summary.errors.write + summary.errors.timeout
    io.write(string.format(
        '{"per_second": %.1f, "p50_ms": %.4f, "p99_ms": %.4f, "bad": %d}\n',
        summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
