using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

public sealed class ModelFileErrorTests
{
    private static readonly FaultCase[] Cases =
    [
        .. HeaderFaults.All,
        .. TensorFaults.Table,
        .. TensorFaults.ChangedWhileOpen,
        .. TensorFaults.Digests,
        .. TensorFaults.Packed,
        .. UseFaults.All,
    ];

    public static TheoryData<ModelFileError, string> CaseNames
    {
        get
        {
            TheoryData<ModelFileError, string> names = [];
            foreach (FaultCase fault in Cases)
            {
                names.Add(fault.Error, fault.Name);
            }

            return names;
        }
    }

    [Theory, MemberData(nameof(CaseNames))]
    public void Fault_ProvokedOnPurpose_ThrowsItsErrorInOneSentence(ModelFileError error, string name)
    {
        FaultCase fault = Cases.Single(one => one.Error == error && one.Name == name);
        using TemporaryFolder folder = new();

        ModelFileException thrown = Assert.Throws<ModelFileException>(() => fault.Provoke(folder));

        Assert.Equal(error, thrown.Error);
        Assert.True(thrown.Message.EndsWith('.') || thrown.Message.EndsWith(')'), thrown.Message);
        Assert.DoesNotContain('\n', thrown.Message);
    }

    [Theory]
    [MemberData(nameof(AllErrors))]
    public void Error_EveryValue_IsProvokedByACase(ModelFileError error) =>
        Assert.Contains(Cases, fault => fault.Error == error);

    public static TheoryData<ModelFileError> AllErrors() => [.. Enum.GetValues<ModelFileError>()];
}
