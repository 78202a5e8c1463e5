import FileSystem

/// Ends control when a signal asked for it: what is not proven to be safe is not published.
///
/// Long loops ask between one cell, proof or group and the next.
func checkStop() throws(ControlRefusal) {
    if Interruption.isRequested { throw .stopped }
}
