/// The level of the information model at which the service lists an attribute.
///
/// The lists are the modules of PS3.3 that belong to the entity (C.7.1 patient; C.7.2 study; C.7.3 series, C.7.4
/// frame of reference, C.7.5 equipment), as far as the service's documents show attributes of them above the
/// instance. Everything else is the instance's.
enum AttributeLevel: Sendable {
    case patient
    case study
    case series
    case instance

    init(keyword: String) {
        if Self.patientKeywords.contains(keyword) {
            self = .patient
        } else if Self.studyKeywords.contains(keyword) {
            self = .study
        } else if Self.seriesKeywords.contains(keyword) {
            self = .series
        } else {
            self = .instance
        }
    }

    private static let patientKeywords: Set<String> = [
        "PatientName", "PatientID", "IssuerOfPatientID", "TypeOfPatientID",
        "IssuerOfPatientIDQualifiersSequence", "PatientBirthDate", "PatientBirthTime", "PatientSex",
        "OtherPatientIDs", "OtherPatientIDsSequence", "OtherPatientNames", "PatientBirthName",
        "PatientMotherBirthName", "PatientAddress", "PatientTelephoneNumbers", "EthnicGroup",
        "PatientComments", "PatientSpeciesDescription", "PatientSpeciesCodeSequence",
        "PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence",
        "ResponsiblePerson", "ResponsiblePersonRole", "ResponsibleOrganization", "PatientIdentityRemoved",
        "DeidentificationMethod", "DeidentificationMethodCodeSequence", "QualityControlSubject",
        "ReferencedPatientSequence", "SourcePatientGroupIdentificationSequence",
        "GroupOfPatientsIdentificationSequence", "ClinicalTrialSponsorName", "ClinicalTrialProtocolID",
        "ClinicalTrialProtocolName", "ClinicalTrialSiteID", "ClinicalTrialSiteName",
        "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID",
    ]

    private static let studyKeywords: Set<String> = [
        "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber",
        "IssuerOfAccessionNumberSequence", "ReferringPhysicianName", "ReferringPhysicianAddress",
        "ReferringPhysicianTelephoneNumbers", "ReferringPhysicianIdentificationSequence",
        "ConsultingPhysicianName", "ConsultingPhysicianIdentificationSequence", "PhysiciansOfRecord",
        "PhysiciansOfRecordIdentificationSequence", "NameOfPhysiciansReadingStudy",
        "PhysiciansReadingStudyIdentificationSequence", "RequestingService",
        "RequestingServiceCodeSequence", "ReferencedStudySequence", "ProcedureCodeSequence",
        "ReasonForPerformedProcedureCodeSequence", "AdmittingDiagnosesDescription",
        "AdmittingDiagnosesCodeSequence", "PatientAge", "PatientSize", "PatientWeight",
        "PatientBodyMassIndex", "PatientSizeCodeSequence", "Occupation", "AdditionalPatientHistory",
        "AdmissionID", "IssuerOfAdmissionIDSequence", "ServiceEpisodeID", "ServiceEpisodeDescription",
        "PatientSexNeutered", "MedicalAlerts", "Allergies", "PregnancyStatus", "LastMenstrualDate",
        "SmokingStatus", "SpecialNeeds", "PatientState", "ClinicalTrialTimePointID",
        "ClinicalTrialTimePointDescription",
    ]

    private static let seriesKeywords: Set<String> = [
        "Modality", "SeriesInstanceUID", "SeriesNumber", "SeriesDate", "SeriesTime", "SeriesDescription",
        "SeriesDescriptionCodeSequence", "Laterality", "PerformingPhysicianName",
        "PerformingPhysicianIdentificationSequence", "ProtocolName", "OperatorsName",
        "OperatorIdentificationSequence", "ReferencedPerformedProcedureStepSequence",
        "RelatedSeriesSequence", "BodyPartExamined", "PatientPosition", "SmallestPixelValueInSeries",
        "LargestPixelValueInSeries", "RequestAttributesSequence", "PerformedProcedureStepID",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
        "PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime",
        "PerformedProcedureStepDescription", "PerformedProtocolCodeSequence",
        "CommentsOnThePerformedProcedureStep", "AnatomicalOrientationType", "FrameOfReferenceUID",
        "PositionReferenceIndicator", "SynchronizationFrameOfReferenceUID", "Manufacturer",
        "ManufacturerModelName", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName",
        "StationName", "DeviceSerialNumber", "SoftwareVersions", "GantryID", "SpatialResolution",
        "DateOfLastCalibration", "TimeOfLastCalibration", "ClinicalTrialCoordinatingCenterName",
        "ClinicalTrialSeriesID", "ClinicalTrialSeriesDescription",
    ]
}
