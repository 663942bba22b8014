/// A public study of the Imaging Data Commons that the guided workflow offers, in the bucket `idc-open-data`.
public struct IDCStudy: Hashable, Sendable {
    /// The bucket that holds all of them; anybody with an AWS account may read it.
    public static let bucket = "idc-open-data"

    /// As the menu names it, such as "CT of chest (2 images)".
    public let title: String
    /// The folder of its objects, without the slash behind.
    public let folder: String
    /// How many DICOM instances it has.
    public let instanceCount: Int

    /// In the order of the menu.
    public static let all = [
        IDCStudy(
            title: "CT of chest (2 images)", folder: "00029d25-fb18-4d42-aaa5-a0897d1ac8f7", instanceCount: 2),
        IDCStudy(
            title: "CT of pelvis (57 images)", folder: "00025d30-ef8f-4135-a35a-d83eff264fc1",
            instanceCount: 57),
        IDCStudy(
            title: "MRI of head (192 images)", folder: "0002d261-8a5d-4e63-8e2e-0cbfac87b904",
            instanceCount: 192),
        IDCStudy(
            title: "MRI of breast (92 images)", folder: "0002dd07-0b7f-4a68-a655-44461ca34096",
            instanceCount: 92),
    ]
}
