/// The stages of a frame's life, in order.
public enum Stage: String, Sendable, CaseIterable {
    case plan
    case request
    case transport
    case decode
    case verify
    case write
}

/// An error of one stage, told so that a user can act on it and a program can decide.
///
/// Programs use `stage`, `code` and `isRetryable`; nobody matches message texts. No message holds a secret.
public protocol StageError: Error, Sendable {
    /// Where it happened.
    var stage: Stage { get }
    /// A short stable word for machines: `http-503`, `curl-28`, `truncated`, `ENOSPC`…
    var code: String { get }
    /// Whether the same frame, asked for again, may succeed.
    var isRetryable: Bool { get }
    /// One line for a person: what, where, and what to do.
    var message: String { get }
}
