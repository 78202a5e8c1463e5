import Pipelines
import Records
import TestSupport

/// A pipeline that uses every key of the reference at least once.
let fullExample = """
    # Nightly run over the action log.
    name: nightly
    source:
      format: {csv: {delimiter: ';', header: false, columns: [ts, customer, user, ip]}}
      files: ["logs/*.csv.gz", archive]
      time: {field: ts, format: datetime, zone: Europe/Amsterdam}
      stream: actions
      encoding: latin-1
      limits: {record: 512KiB, fields: 100, depth: 8}
    store:
      files: [logs/*.csv, archive]
      stream: archive
      guard: {factor: 5, at_least: 100}
      confirm: required
      settle: PT1H
      unreadable: drop
    identity: {customer: customer, client: client, user: user, partner: partner, address: host}
    window: P2M
    zone: Europe/Amsterdam
    skew: off
    derive:
      browser: {agent_family: {of: user_agent, part: browser}}
    fields:
      ts: keep
      customer: pseudonymize
      user: {hmac_sha256: {key: user.key}}
      ip: {truncate_ip: {ipv4: /16, ipv6: /32}}
      message: {category: limited-production, then: redact}
      email: {purposes: [service-improvement, research], identifier: true, then: drop}
      handled: {after: P1Y}
      closed: {after: {start: {field: closed_at}, length: P6M}, then: {replace: gone}}
      opened: {after: {start: event, length: P30D}, category: technical}
    others: drop
    purposes: [research]
    outputs:
      - name: actions
        purpose: security
        path: out/{name}/{date}.csv.gz
        recipients: [own]
        readers: [soc]
        expires: P1Y
        window: P1M
        safeguards: {reason: abuse, readers: [soc, cert], delete_after: P1M}
        fields: {ip: {truncate_ip: /24}}
        others: drop
        gzip: 9
        columns: [ts, ip]
      - {name: research, purpose: research, path: 'out/{month}.jsonl', format: jsonl,
         risk: {person: user, quasi_identifiers: [ts, ip], persons: 5, sensitive: size, values: 2,
                ladder: [{ts: day}, {ip: '/16,/32'}], remove: 5%, drop_person: true}}
    disclosures:
      - name: partners
        to: partner
        by: [month, partner, user]
        measures: {logins: {count: {action: login}}}
        path: out/partners/{partner}/{month}.csv
        purpose: service-improvement
        retention: P1Y
        in_window: required
    statistics:
      - name: use
        purpose: statistics
        by: [day, browser, {bucket: {of: size}}]
        measures: {times: count, users: {distinct: user}}
        path: out/{name}/all.csv
        suppression: {persons: 5, customers: 2, of: persons}
        noise: {unit: user-month, epsilon: 0.5, rows: 2, delta: 0.000001, bounds: {times: 20}}
      - name: sums
        purpose: statistics
        measures: {size: {sum: size}, most: {percentile: {of: size, p: 95}}}
        export: [kll]
        within: {action: kind}
        noise: {rho: 1/200, rows: 1, delta: 1/1000, bounds: {size: {least: -2, most: 8, step: 0.5}}}
    publish: {persons: 12, customers: 4, zeros: hidden, wholes: hidden, prior_percent: 15,
              dominance: {contributors: 2, percent: 85}, path: out/published, formats: [csv, jsonl],
              budget: {rho: 0.5, delta: 0.00001, rho_overall: 6, delta_overall: 0.0001},
              close_after: P10D, audience: public, late: revise, correct_within: P2W,
              provisional: out/running, other: [action], crossings: proven,
              counts: {cell_key: {largest_change: 2, variance: 1.05, smallest_hidden: 1}},
              for_customers: {path: out/customers, persons: 6, formats: [html]}}
    opt_outs:
      {file: opt-outs.csv, basis: event, effect: drop_record, missing: allowed, max_shrink: 5%}
    holds: holds.yaml
    quarantine: {limit: 0.25%, keep_lines: true, path: aside}
    keys: { path: secrets/keys, grace: P3D, wrapped_by: { descriptor: 3 } }
    state: state/nightly
    acknowledge: [static-key, readable-window]
    tables:
      - {name: accounts, file: accounts.csv, key: login, time: date, zone: UTC, as_of: exported,
         max_age: P2D, max_shrink: 12.5%}
      - {name: contracts, sqlite: crm.sqlite, table: contract, key: number}
    delete:
      - start: {table: contracts, column: ended, by: customer}
        length: P30D
        unless: {field: kept_until}
        length_from: {table: accounts, column: grace, by: login}
    tests:
      - name: an old address is cut
        now: 2026-03-01
        input: |
          2026-01-01 00:00:00;c;u;192.0.2.7
        output:
          actions: |
            2026-01-01 00:00:00,192.0.2.0
          research: ''
        disclosures: {partners: ''}
        statistics: {use: ''}
        opt_outs: |
          customer,purpose
        tables:
          accounts: |
            login,grace,exported
        dropped: 0
        quarantined: {bad-time: 1}

    """

/// The smallest pipeline that is without fault.
let smallExample = """
    name: small
    source: {format: jsonl}
    outputs:
      - {name: out, purpose: statistics, path: '-'}

    """

/// What reading `text` gives, with the faults one per line, without the file's name.
func reading(
    _ text: String,
    known: KnownNames = KnownNames()
) -> (specification: PipelineSpecification?, faults: [String]) {
    let faults = Faults()
    let specification = PipelineSpecification.read(bytes(text), known: known, faults: faults)
    let lines = FaultReport.render(faults.sorted, file: "")
        .split(separator: "\n").map { String($0.dropFirst()) }
    return (specification, lines)
}

/// A place by line and column.
func at(_ line: Int, _ column: Int) -> SettingPosition {
    SettingPosition(line: line, column: column)
}
