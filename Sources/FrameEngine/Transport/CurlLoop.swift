import CCurl
import Synchronization

/// The outside of one event loop: what other threads may touch. The inside is `CurlLoopRunner`, on its own thread.
///
/// Other threads leave mail and wake the loop. The wake-up is sent under the same lock that guards "closed", so
/// curl is never asked to wake a multi that is gone, and once for all mail that the loop has not yet fetched.
final class CurlLoop: Sendable {
    /// curl's multi handle, for `curl_multi_wakeup` only.
    private struct WakeHandle: @unchecked Sendable {
        // safe because: curl_multi_wakeup is the one call that curl allows from any thread, and it is made under
        // the mailbox lock, which the loop takes to forget the handle before it frees it
        let multi: UnsafeMutableRawPointer
    }

    /// What the loop has to look at.
    struct Mail: Sendable {
        var submitted: [CurlTransfer] = []
        var abandoned: [CurlTransfer] = []
        var isClosing = false
    }

    private struct Mailbox {
        var mail = Mail()
        var isWakePending = false
        var wakeHandle: WakeHandle?
        var statistics = TransportStatistics()
    }

    private let mailbox = Mutex(Mailbox())

    /// Leaves `transfer` for the loop. False when the loop takes no more.
    func submit(_ transfer: CurlTransfer) -> Bool {
        mailbox.withLock { box in
            guard box.wakeHandle != nil, !box.mail.isClosing else { return false }
            box.mail.submitted.append(transfer)
            Self.wake(&box)
            return true
        }
    }

    /// Tells the loop to drop a transfer that it has begun.
    func abandon(_ transfer: CurlTransfer) {
        mailbox.withLock { box in
            guard box.wakeHandle != nil else { return }
            box.mail.abandoned.append(transfer)
            Self.wake(&box)
        }
    }

    /// Asks the loop to end: it fails what it has and leaves its thread.
    func close() {
        mailbox.withLock { box in
            box.mail.isClosing = true
            Self.wake(&box)
        }
    }

    var statistics: TransportStatistics { mailbox.withLock { $0.statistics } }

    private static func wake(_ box: inout Mailbox) {
        guard !box.isWakePending, let handle = box.wakeHandle else { return }
        box.isWakePending = curl_multi_wakeup(handle.multi) == CURLM_OK
    }

    // MARK: - For the loop's own thread

    /// Opens the mailbox: from now on mail is taken.
    func open(_ multi: UnsafeMutableRawPointer) {
        let handle = WakeHandle(multi: multi)
        mailbox.withLock { $0.wakeHandle = handle }
    }

    /// Takes all mail.
    func fetch() -> Mail {
        mailbox.withLock { box in
            box.isWakePending = false
            let mail = box.mail
            guard !mail.submitted.isEmpty || !mail.abandoned.isEmpty else { return mail }
            box.mail.submitted = []
            box.mail.abandoned = []
            return mail
        }
    }

    /// Shuts the mailbox and takes what still lies in it. No wake-up comes after this.
    func seal() -> Mail {
        mailbox.withLock { box in
            box.wakeHandle = nil
            box.mail.isClosing = true
            let mail = box.mail
            box.mail.submitted = []
            box.mail.abandoned = []
            return mail
        }
    }

    /// Publishes the loop's counts.
    func publish(_ statistics: TransportStatistics) {
        mailbox.withLock { $0.statistics = statistics }
    }
}
