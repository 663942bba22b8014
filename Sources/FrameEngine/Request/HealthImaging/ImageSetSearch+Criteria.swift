extension ImageSetSearch {
    /// The most filters that the service takes.
    private static let filterLimit = 2

    /// All that must hold, what narrows most first.
    private var conditions: [SearchCondition] {
        [
            .tag("DICOMStudyInstanceUID", studyInstanceUID),
            .tag("DICOMSeriesInstanceUID", seriesInstanceUID),
            .tag("DICOMAccessionNumber", accessionNumber), .tag("DICOMStudyId", studyID),
            .tag("DICOMPatientId", patientID), .studyDates(studyDates),
            .dates("createdAt", createdAt) { $0.createdAt }, .dates("updatedAt", updatedAt) { $0.updatedAt },
            .primary(isPrimary),
        ].compactMap { $0 }
    }

    /// The request's body, `searchCriteria`: as many conditions as the service takes.
    var criteria: SearchCriteria {
        let filters = Array(conditions.prefix(Self.filterLimit))
        return SearchCriteria(
            filters: filters.isEmpty ? nil : filters,
            sort: order.map { SearchCriteria.Sort(sortField: $0.field, sortOrder: $0.direction) })
    }

    /// The answers for which the other conditions hold too.
    func remaining(of summaries: [ImageSetSummary]) -> [ImageSetSummary] {
        let others = conditions.dropFirst(Self.filterLimit)
        if others.isEmpty { return summaries }
        return summaries.filter { summary in others.allSatisfy { $0.holds(summary) } }
    }
}

/// The body of SearchImageSets; empty for all image sets.
struct SearchCriteria: Encodable {
    struct Sort: Encodable {
        let sortField: ImageSetSearch.Order.Field
        let sortOrder: ImageSetSearch.Order.Direction
    }

    let filters: [SearchCondition]?
    let sort: Sort?
}
