private import CCrypto

/// The version of libcrypto that is loaded.
package func cryptoLibraryVersion() -> String {
    guard let text = unsafe OpenSSL_version(OPENSSL_FULL_VERSION_STRING) else { return "unknown" }
    return unsafe String(cString: text)
}
