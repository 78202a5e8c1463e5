import Workloads

/// One thing that grows, step by step, while everything else stays as it is.
struct Scale {
    let name: String
    /// What a step counts.
    let unit: String
    let steps: [Int]
    /// The measurement of a step, on a workload of so many bytes where the step says nothing else.
    let trial: @Sendable (_ step: Int, _ sizeBytes: Int) -> Trial

    /// A pipeline and what it runs over.
    struct Trial {
        var pipeline: ScalePipeline
        var sizeBytes: Int
        var population = Population()
        /// How often a record has its fields.
        var copies = 1
        /// How many customers the list of opt-outs names.
        var optOuts = 0
    }

    static let all: [Scale] = [
        Scale(name: "size", unit: "MB", steps: [10, 64, 256, 1000, 4000]) { step, _ in
            let pipeline = ScalePipeline(hasRecords: true, tables: .ordinary(1))
            return Trial(pipeline: pipeline, sizeBytes: step * 1_000_000)
        },
        Scale(
            name: "fields", unit: "pipelines' worth of fields", steps: [1, 10, 100]
        ) { step, size in
            let pipeline = ScalePipeline(copies: step, hasRecords: true)
            return Trial(pipeline: pipeline, sizeBytes: size, copies: step)
        },
        Scale(
            name: "statistics", unit: "pipelines' worth of statistics", steps: [1, 10, 100]
        ) { step, size in
            Trial(pipeline: ScalePipeline(tables: .ordinary(step)), sizeBytes: size)
        },
        Scale(name: "persons", unit: "distinct persons", steps: thousands) { step, size in
            Trial(
                pipeline: ScalePipeline(tables: .users), sizeBytes: size,
                population: .ofPersons(step))
        },
        Scale(name: "sessions", unit: "persons with sessions", steps: thousands) { step, size in
            Trial(
                pipeline: ScalePipeline(tables: .sessions), sizeBytes: size,
                population: .ofPersons(step))
        },
        Scale(name: "keys", unit: "months, a key each", steps: [1, 12, 120]) { step, size in
            let pipeline = ScalePipeline(hasRecords: true, tables: .users)
            return Trial(
                pipeline: pipeline, sizeBytes: size, population: Population(days: step * 30))
        },
        Scale(
            name: "opt-outs", unit: "customers in the list", steps: [1, 1000, 100_000, 1_000_000]
        ) { step, size in
            var pipeline = ScalePipeline(hasRecords: true, tables: .ordinary(1))
            pipeline.hasOptOuts = true
            return Trial(pipeline: pipeline, sizeBytes: size, optOuts: step)
        },
        Scale(name: "customers", unit: "customers, a row each", steps: thousands) { step, size in
            Trial(
                pipeline: ScalePipeline(tables: .customers), sizeBytes: size,
                population: Population(customers: step, isEven: true))
        },
        Scale(name: "state", unit: "MB, with state", steps: [10, 64, 256, 1000]) { step, _ in
            let pipeline = ScalePipeline(tables: .ordinary(1), keepsState: true)
            return Trial(pipeline: pipeline, sizeBytes: step * 1_000_000)
        },
        Scale(name: "state-persons", unit: "persons, with state", steps: thousands) { step, size in
            Trial(
                pipeline: ScalePipeline(tables: .users, keepsState: true), sizeBytes: size,
                population: .ofPersons(step))
        },
    ]

    private static let thousands = [1000, 10_000, 100_000, 1_000_000]
}
