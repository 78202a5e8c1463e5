/// What a manifest of Kubernetes may hold where ours do: the fields of `batch/v1` and `v1` at each
/// level that they use, with the kinds of their values. A field that is not here is taken for a
/// slip, as `kubectl --validate=strict` takes one that the interface does not have.
indirect enum ManifestShape: Sendable {
    case text
    case number
    case flag
    /// A text or a number, such as `500m` or `1`.
    case quantity
    case choice(Set<String>)
    case list(ManifestShape)
    /// Any names, all with values of one kind.
    case names(ManifestShape)
    /// These fields, those of `needed` for certain.
    case fields([String: ManifestShape], needed: Set<String> = [])

    /// What is wrong with `value`, which stands at `path`; empty for nothing.
    func faults(in value: Any?, at path: String) -> [String] {
        switch (self, value) {
        case (.text, is String), (.number, is Int), (.flag, is Bool), (.quantity, is Int),
            (.quantity, is String):
            return []
        case (.choice(let words), let word as String) where words.contains(word): return []
        case (.list(let shape), let list as [Any]):
            return list.enumerated().flatMap { shape.faults(in: $1, at: "\(path)[\($0)]") }
        case (.names(let shape), let map as [String: Any]):
            return map.flatMap { shape.faults(in: $1, at: "\(path).\($0)") }.sorted()
        case (.fields(let shapes, let needed), let map as [String: Any]):
            let missing = needed.subtracting(map.keys).sorted().map { "\(path).\($0) is missing" }
            return missing
                + map.sorted { $0.key < $1.key }.flatMap { name, value in
                    shapes[name]?.faults(in: value, at: "\(path).\(name)")
                        ?? ["\(path).\(name) is unknown"]
                }
        default: return ["\(path) is \(value.map { "\($0)" } ?? "missing")"]
        }
    }
}

extension ManifestShape {
    static let cronJob = manifest(
        kind: "CronJob",
        .fields(
            [
                "schedule": .text, "timeZone": .text, "suspend": .flag,
                "concurrencyPolicy": .choice(["Allow", "Forbid", "Replace"]),
                "startingDeadlineSeconds": .number, "successfulJobsHistoryLimit": .number,
                "failedJobsHistoryLimit": .number,
                "jobTemplate": .fields(
                    ["metadata": metadata, "spec": jobSpecification], needed: ["spec"]),
            ], needed: ["schedule", "jobTemplate"]))

    static let job = manifest(kind: "Job", jobSpecification)

    private static func manifest(kind: String, _ specification: ManifestShape) -> ManifestShape {
        .fields(
            [
                "apiVersion": .choice(["batch/v1"]), "kind": .choice([kind]),
                "metadata": metadata, "spec": specification,
            ], needed: ["apiVersion", "kind", "metadata", "spec"])
    }

    private static let metadata = ManifestShape.fields([
        "name": .text, "namespace": .text, "labels": .names(.text), "annotations": .names(.text),
    ])

    private static let jobSpecification = ManifestShape.fields(
        [
            "activeDeadlineSeconds": .number, "backoffLimit": .number,
            "backoffLimitPerIndex": .number, "maxFailedIndexes": .number,
            "completionMode": .choice(["Indexed", "NonIndexed"]), "completions": .number,
            "parallelism": .number, "suspend": .flag, "ttlSecondsAfterFinished": .number,
            "podFailurePolicy": .fields(["rules": .list(failureRule)], needed: ["rules"]),
            "template": .fields(["metadata": metadata, "spec": pod], needed: ["spec"]),
        ], needed: ["template"])

    private static let failureRule = ManifestShape.fields(
        [
            "action": .choice(["FailJob", "FailIndex", "Ignore", "Count"]),
            "onExitCodes": .fields(
                [
                    "containerName": .text, "operator": .choice(["In", "NotIn"]),
                    "values": .list(.number),
                ], needed: ["operator", "values"]),
            "onPodConditions": .list(.fields(["type": .text, "status": .text], needed: ["type"])),
        ], needed: ["action"])

    private static let pod = ManifestShape.fields(
        [
            "restartPolicy": .choice(["Never", "OnFailure"]),
            "automountServiceAccountToken": .flag, "enableServiceLinks": .flag,
            "hostNetwork": .flag, "hostPID": .flag, "hostIPC": .flag, "serviceAccountName": .text,
            "terminationGracePeriodSeconds": .number, "nodeSelector": .names(.text),
            "securityContext": .fields([
                "runAsNonRoot": .flag, "runAsUser": .number, "runAsGroup": .number,
                "fsGroup": .number, "supplementalGroups": .list(.number),
                "fsGroupChangePolicy": .choice(["Always", "OnRootMismatch"]),
                "seccompProfile": seccomp,
            ]),
            "containers": .list(container), "volumes": .list(volume),
        ], needed: ["containers", "restartPolicy"])

    private static let seccomp = ManifestShape.fields(
        [
            "type": .choice(["RuntimeDefault", "Localhost", "Unconfined"]),
            "localhostProfile": .text,
        ], needed: ["type"])

    private static let container = ManifestShape.fields(
        [
            "name": .text, "image": .text, "command": .list(.text), "args": .list(.text),
            "workingDir": .text, "imagePullPolicy": .choice(["Always", "IfNotPresent", "Never"]),
            "env": .list(environment),
            "securityContext": .fields([
                "allowPrivilegeEscalation": .flag, "privileged": .flag,
                "readOnlyRootFilesystem": .flag, "runAsNonRoot": .flag, "runAsUser": .number,
                "runAsGroup": .number, "seccompProfile": seccomp,
                "capabilities": .fields(["add": .list(.text), "drop": .list(.text)]),
            ]),
            "resources": .fields(["requests": amounts, "limits": amounts]),
            "volumeMounts": .list(
                .fields(
                    ["name": .text, "mountPath": .text, "subPath": .text, "readOnly": .flag],
                    needed: ["name", "mountPath"])),
        ], needed: ["name", "image"])

    private static let amounts = ManifestShape.fields([
        "cpu": .quantity, "memory": .quantity, "ephemeral-storage": .quantity,
    ])

    private static let environment = ManifestShape.fields(
        [
            "name": .text, "value": .text,
            "valueFrom": .fields([
                "fieldRef": .fields(["fieldPath": .text], needed: ["fieldPath"])
            ]),
        ], needed: ["name"])

    private static let volume = ManifestShape.fields(
        [
            "name": .text,
            "configMap": .fields(["name": .text, "defaultMode": .number], needed: ["name"]),
            "secret": .fields(
                ["secretName": .text, "defaultMode": .number], needed: ["secretName"]),
            "persistentVolumeClaim": .fields(
                ["claimName": .text, "readOnly": .flag], needed: ["claimName"]),
            "emptyDir": .fields(["medium": .text, "sizeLimit": .quantity]),
        ], needed: ["name"])
}
