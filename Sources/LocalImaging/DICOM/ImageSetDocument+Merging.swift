/// Putting instances together.
extension ImageSetDocument {
    /// This document with the instances of `newer` added; an instance that is in both is the newer one's.
    ///
    /// Attributes of patient, study and series stay this document's. Where a newer instance's differ, they are kept at
    /// the instance, so that no value is lost.
    func adding(_ newer: ImageSetDocument) -> ImageSetDocument {
        let shared = Dictionary(
            (patient + study + series).map { ($0.key, $0.json) }, uniquingKeysWith: { first, _ in first })
        let differing = (newer.patient + newer.study + newer.series).filter { shared[$0.key] != $0.json }
        let added = newer.instances.map { instance in
            var instance = instance
            let own = Set(instance.attributes.map(\.key))
            instance.attributes += differing.filter { !own.contains($0.key) }
            return instance
        }
        let replaced = Set(added.map(\.sopInstanceUID))
        var merged = self
        merged.instances = instances.filter { !replaced.contains($0.sopInstanceUID) } + added
        return merged
    }
}
