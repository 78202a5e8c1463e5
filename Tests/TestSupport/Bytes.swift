/// The UTF-8 bytes of `text`.
public func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of `bytes`, for messages of failed tests.
public func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
