using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.ModelFile;

/// <summary>Good files that lack what a model needs, and files that cannot be written.</summary>
internal static class UseFaults
{
    public static readonly FaultCase[] All =
    [
        new(ModelFileError.MissingTensor, "by name", folder => Use(folder, file => file.RequireTensor("absent"))),
        new(ModelFileError.MissingKey, "string", folder => Use(folder, file => file.Metadata.RequireString("absent"))),
        new(ModelFileError.MissingKey, "array",
            folder => Use(folder, file => file.Metadata.RequireFloat64Array("absent"))),
        new(ModelFileError.WrongValueType, "string for integer",
            folder => Use(folder, file => file.Metadata.RequireInt32(MetadataKeys.Architecture))),
        new(ModelFileError.WrongValueType, "integer for float",
            folder => Use(folder, file => file.Metadata.GetFloat64(MetadataKeys.Alignment, 1))),
        new(ModelFileError.WrongValueType, "integers for floats",
            folder => Use(folder, file => file.Metadata.GetFloat64Array(MetadataKeys.PackedRows))),
        new(ModelFileError.WrongValueType, "integers for strings",
            folder => Use(folder, file => file.Metadata.GetStringArray(MetadataKeys.PackedRows))),
        new(ModelFileError.WrongValueType, "scalar for array",
            folder => Use(folder, file => file.Metadata.GetInt32Array(MetadataKeys.Alignment))),
        new(ModelFileError.WrongValue, "beyond int32", _ => BeyondInt32()),
        new(ModelFileError.UnexpectedTensor, "not in the list",
            folder => Use(folder, file => file.RequireOnly(new HashSet<string> { SampleModel.DenseName }))),
        new(ModelFileError.SplitFile, "a part", UseAPart),
        new(ModelFileError.ShapeMismatch, "transposed",
            folder => Use(folder, file => file.RequireTensor(SampleModel.PackedName).RequireShape(3, 2))),
        new(ModelFileError.ShapeMismatch, "rank",
            folder => Use(folder, file => file.RequireTensor(SampleModel.DenseName).RequireShape(1, 2))),
        new(ModelFileError.WrongTensorForm, "packed as dense",
            folder => Use(folder, file => file.Dense(file.RequireTensor(SampleModel.PackedName)))),
        new(ModelFileError.WrongTensorForm, "dense as packed",
            folder => Use(folder, file => file.Packed(file.RequireTensor(SampleModel.DenseName)))),
        new(ModelFileError.AlreadyExists, "not asked to overwrite", WriteTwice),
        new(ModelFileError.DuplicateTensor, "planned twice",
            folder => Create(folder.File("f"), Plan("t", 1), Plan("t", 1))),
        new(ModelFileError.TensorCountLimit, "planned above",
            folder => Create(
                folder.File("f"), [.. Enumerable.Range(0, ModelFileLimits.TensorCountMax + 1).Select(i =>
                    Plan($"t{i}", 1))])),
        new(ModelFileError.DiskFull, "2^60 bytes", folder => Create(folder.File("f"), Plan("t", 1L << 58))),
        new(ModelFileError.WriteFailed, "no such folder", folder => Create(folder.File("absent/f"), Plan("t", 1))),
        new(ModelFileError.WriteFailed, "is a folder", folder => Create(folder.Path, Plan("t", 1))),
    ];

    private static GgufTensorPlan Plan(string name, long count) => new(name, new TensorShape(count), ElementType.F32);

    private static void Create(string path, params GgufTensorPlan[] plans)
    {
        using GgufWriter writer = new(path, new GgufMetadata(), plans);
    }

    private static void UseAPart(TemporaryFolder folder)
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.SplitCount, GgufValue.FromUInt32(2));
        using (GgufWriter writer = new(folder.File("part"), metadata, []))
        {
            writer.Finish();
        }

        using GgufFile file = GgufFile.Open(folder.File("part"));
        file.RequireUnsplit();
    }

    private static void WriteTwice(TemporaryFolder folder)
    {
        SampleModel.Write(folder);
        SampleModel.Write(folder);
    }

    private static void BeyondInt32()
    {
        GgufMetadata metadata = new();
        metadata.Set("a", GgufValue.FromUInt64(1UL << 31));
        metadata.RequireInt32("a");
    }

    private static void Use<T>(TemporaryFolder folder, Func<GgufFile, T> use)
        where T : allows ref struct
    {
        using GgufFile file = GgufFile.Open(SampleModel.Write(folder));
        use(file);
    }

    private static void Use(TemporaryFolder folder, Action<GgufFile> use)
    {
        using GgufFile file = GgufFile.Open(SampleModel.Write(folder));
        use(file);
    }
}
