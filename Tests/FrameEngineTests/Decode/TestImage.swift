import FrameEngine

/// An image on the JPEG 2000 reference grid, made for a test, with the raster that a decoder must give.
struct TestImage: Sendable {
    struct Plane: Sendable {
        var precision: Int
        var isSigned: Bool
        var step: (x: Int, y: Int) = (1, 1)
        /// First sample on the component's grid, and its size.
        var first: (x: Int, y: Int) = (0, 0)
        var size: (width: Int, height: Int) = (0, 0)
        var samples: [Int32] = []
    }

    var origin: (x: Int, y: Int)
    var size: (width: Int, height: Int)
    var planes: [Plane]

    /// An image of gradients and noise; the extremes of the range occur too.
    init(
        width: Int, height: Int, planes: [Plane], origin: (x: Int, y: Int) = (0, 0), seed: UInt64 = 1
    ) {
        var random = SeededGenerator(seed: seed)
        self.origin = origin
        size = (width, height)
        self.planes = planes.map { plane in
            var plane = plane
            let first = (x: Self.ceil(origin.x, plane.step.x), y: Self.ceil(origin.y, plane.step.y))
            plane.first = first
            plane.size = (
                Self.ceil(origin.x + width, plane.step.x) - first.x,
                Self.ceil(origin.y + height, plane.step.y) - first.y
            )
            let count = 1 << Int64(plane.precision)
            let lowest = plane.isSigned ? -(count / 2) : 0
            plane.samples = (0..<plane.size.width * plane.size.height).map { index in
                let (y, x) = index.quotientAndRemainder(dividingBy: plane.size.width)
                let noise = Int(random.next() % UInt64(max(count / 8, 1)))
                let gradient = (x * 3 + y * 5) * max(count / 256, 1)
                let value = index == 0 ? 0 : index == 1 ? count - 1 : (gradient + noise) % count
                return Int32(truncatingIfNeeded: lowest + value)
            }
            return plane
        }
    }

    /// The raster, computed one sample at a time from the definition: interleaved, little-endian, replicated.
    func raster() -> [UInt8] {
        let bits = planes.map(\.precision).max() ?? 1
        let width = bits <= 8 ? 1 : bits <= 16 ? 2 : 4
        var bytes: [UInt8] = []
        for y in origin.y..<origin.y + size.height {
            for x in origin.x..<origin.x + size.width {
                for plane in planes {
                    let column = min(max(x / plane.step.x - plane.first.x, 0), plane.size.width - 1)
                    let row = min(max(y / plane.step.y - plane.first.y, 0), plane.size.height - 1)
                    let sample = UInt32(bitPattern: plane.samples[row * plane.size.width + column])
                    for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: sample >> (8 * index))) }
                }
            }
        }
        return bytes
    }

    private static func ceil(_ value: Int, _ divisor: Int) -> Int { (value + divisor - 1) / divisor }
}
