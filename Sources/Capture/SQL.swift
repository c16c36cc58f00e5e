/// An embedded file's text.
func sql(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
