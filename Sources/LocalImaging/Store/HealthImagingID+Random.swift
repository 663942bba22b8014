import FrameEngine

extension HealthImagingID {
    /// A new id: 128 bits of the system's cryptographic random source as 32 lower-case hexadecimal digits.
    public static func random() -> HealthImagingID {
        var generator = SystemRandomNumberGenerator()
        let digits = [UInt8]("0123456789abcdef".utf8)
        var text = [UInt8]()
        text.reserveCapacity(32)
        for _ in 0..<2 {
            let word = generator.next()
            for shift in stride(from: 60, through: 0, by: -4) {
                text.append(digits[Int(word >> shift & 0xf)])
            }
        }
        guard let id = HealthImagingID(String(decoding: text, as: UTF8.self)) else {
            preconditionFailure("32 hexadecimal digits are an id")
        }
        return id
    }
}
