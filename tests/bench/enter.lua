-- wrk: each request is the entry of another plate, so that every one writes a record. RUN tells one run's plates from another's.
local threads, number = 0, 0
local run = os.getenv("RUN") or "A"

function setup(thread)
	threads = threads + 1
	thread:set("me", threads)
end

function request()
	number = number + 1
	local body = string.format('{"edge_id":"edge-%d","plate_id":"%d%s%02d%05d","direction":"ENTRY"}', me, 10 + me, run,
		math.floor(number / 100000), number % 100000)
	return wrk.format("POST", "/api/edge/barrier/open", {}, body)
end

function done(summary, latency, requests)
	local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
	io.write(string.format('{"per_second": %f, "p50_ms": %f, "p99_ms": %f, "failed": %d}\n', summary.requests / summary.duration * 1e6,
		latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
