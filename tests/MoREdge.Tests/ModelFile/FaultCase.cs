using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

/// <summary>One way to provoke one error.</summary>
internal sealed record FaultCase(ModelFileError Error, string Name, Action<TemporaryFolder> Provoke);
