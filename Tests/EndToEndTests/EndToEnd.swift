import Testing

/// Tests of the real program, one after the other: they load the machine, and some wait for timeouts of seconds.
@Suite(.serialized)
enum EndToEnd {}
