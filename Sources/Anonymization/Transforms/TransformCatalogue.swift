/// Every transform that pipelines can name, in the order of the reference page.
package enum TransformCatalogue {
    package static let all: [TransformDescriptor] = [
        Keep.descriptor,
        Drop.descriptor,
        Replace.descriptor,
        TruncateAddress.descriptor,
        Pseudonymize.descriptor,
        HashWithStaticKey.descriptor,
        EncryptAddress.descriptor,
        TruncateTime.descriptor,
        Bucket.descriptor,
        ReduceEmail.descriptor,
        AgentFamily.descriptor,
        PrimaryLanguage.descriptor,
        RedactText.descriptor,
        ReduceURL.descriptor,
    ]
}
