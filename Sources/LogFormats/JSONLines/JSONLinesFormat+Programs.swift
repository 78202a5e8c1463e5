import Records

// JSON Lines of programs that document their members: the time is known, everything else is named
// as in any JSON.
extension JSONLinesFormat {
    /// https://caddyserver.com/docs/caddyfile/directives/log, encoder `json`.
    static let caddy = program(
        "caddy",
        "Access logs of Caddy in JSON: `ts`, `request.remote_ip`, `request.client_ip`, `user_id`, "
            + "`request.uri`, `request.headers.User-Agent[0]`. The time is `ts` in seconds; with "
            + "another `time_format`, say it under `source.time`.",
        OwnTime("ts", as: .epochSeconds)
    )

    /// https://doc.traefik.io/traefik/observability/access-logs/
    static let traefikJSON = program(
        "traefik_json",
        "Access logs of Traefik in JSON: `StartUTC`, `ClientHost`, `ClientAddr`, `ClientUsername`, "
            + "`RequestPath`, `request_User-Agent`. The time is `StartUTC`.",
        OwnTime("StartUTC", as: .rfc3339)
    )

    /// https://developers.cloudflare.com/logs/reference/log-fields/zone/http_requests/
    static let cloudflare = program(
        "cloudflare",
        "HTTP requests of Cloudflare Logpush: `EdgeStartTimestamp`, `ClientIP`, "
            + "`ClientRequestURI`, `ClientRequestReferer`, `ClientRequestUserAgent`. The time is "
            + "`EdgeStartTimestamp` as RFC 3339; for jobs that write numbers, say `epoch` or "
            + "`epoch-ns` under `source.time`.",
        OwnTime("EdgeStartTimestamp", as: .rfc3339)
    )

    /// https://docs.zeek.org/en/master/log-formats.html
    static let zeekJSON = program(
        "zeek_json",
        "Zeek logs in JSON: `ts`, `id\\.orig_h`, `id\\.resp_h`, `user_agent`, `uri`. The time is "
            + "`ts` in seconds; with `JSON::TS_ISO8601`, say `rfc3339` under `source.time`.",
        OwnTime("ts", as: .epochSeconds)
    )

    private static func program(
        _ name: String, _ summary: String, _ ownTime: OwnTime
    ) -> FormatDescriptor {
        FormatDescriptor(
            name: name, summary: summary,
            make: { _ in JSONLinesFormat(name: name, ownTime: ownTime) })
    }
}
