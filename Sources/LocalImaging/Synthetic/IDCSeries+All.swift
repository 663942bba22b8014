extension IDCSeries {
    /// In the order of the guided workflow's menu. Folders and counts are those of the public bucket.
    static let all = [
        IDCSeries(
            folder: "00029d25-fb18-4d42-aaa5-a0897d1ac8f7", instanceCount: 2,
            subject: Subject(
                modality: .ct, bodyPart: "CHEST", studyDescription: "CT CHEST W/O CONTRAST",
                seriesDescription: "axial 2.5 mm", side: 512, volumeSlices: 400, firstSlice: 96, sliceStep: 8,
                pixelSpacing: 703, sliceSpacing: 2500, rescaleSlope: "1", rescaleIntercept: -1024,
                rescaleType: "HU", windowCenter: -500, windowWidth: 1500, patientSex: "M", patientAge: "064Y",
                studyDate: "20000101")),
        IDCSeries(
            folder: "00025d30-ef8f-4135-a35a-d83eff264fc1", instanceCount: 57,
            subject: Subject(
                modality: .ct, bodyPart: "PELVIS", studyDescription: "CT ABDOMEN PELVIS W CONTRAST",
                seriesDescription: "axial 5 mm", side: 512, volumeSlices: 400, firstSlice: 330, sliceStep: 1,
                pixelSpacing: 781, sliceSpacing: 5000, rescaleSlope: "1", rescaleIntercept: 0,
                rescaleType: "HU", windowCenter: 40, windowWidth: 400, patientSex: "F", patientAge: "057Y",
                studyDate: "20010314")),
        IDCSeries(
            folder: "0002d261-8a5d-4e63-8e2e-0cbfac87b904", instanceCount: 192,
            subject: Subject(
                modality: .mr, bodyPart: "HEAD", studyDescription: "MRI HEAD",
                seriesDescription: "T1 3D axial", side: 256, volumeSlices: 192, firstSlice: 0, sliceStep: 1,
                pixelSpacing: 938, sliceSpacing: 1000, rescaleSlope: "2.5", rescaleIntercept: 0,
                rescaleType: "normalized", windowCenter: 2500, windowWidth: 5000, patientSex: "F",
                patientAge: "045Y", studyDate: "19981120")),
        IDCSeries(
            folder: "0002dd07-0b7f-4a68-a655-44461ca34096", instanceCount: 92,
            subject: Subject(
                modality: .mr, bodyPart: "BREAST", studyDescription: "MRI BREAST BILATERAL",
                seriesDescription: "T1 axial pre-contrast", side: 256, volumeSlices: 92, firstSlice: 0,
                sliceStep: 1, pixelSpacing: 1250, sliceSpacing: 2000, rescaleSlope: "1", rescaleIntercept: 0,
                rescaleType: "US", windowCenter: 1200, windowWidth: 2400, patientSex: "F", patientAge: "051Y",
                studyDate: "19970602")),
    ]
}
