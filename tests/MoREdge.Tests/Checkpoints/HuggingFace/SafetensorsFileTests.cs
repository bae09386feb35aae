using MoREdge.Checkpoints;

namespace MoREdge.Tests.Checkpoints.HuggingFace;

public sealed class SafetensorsFileTests : IDisposable
{
    private const string Four = "\"dtype\":\"F32\",\"shape\":[4]";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{\"a\":{" + Four + ",\"data_offsets\":[0,17]}}", 16, CheckpointError.OffsetsOutOfFile)]
    [InlineData("{\"a\":{" + Four + ",\"data_offsets\":[-4,12]}}", 16, CheckpointError.OffsetsOutOfFile)]
    [InlineData(
        "{\"a\":{" + Four + ",\"data_offsets\":[0,99999999999999999999]}}", 16, CheckpointError.OffsetsOutOfFile)]
    [InlineData("{\"a\":{" + Four + ",\"data_offsets\":[16,0]}}", 16, CheckpointError.OffsetsOutOfFile)]
    [InlineData("{\"a\":{" + Four + ",\"data_offsets\":[0,12]}}", 12, CheckpointError.SizeMismatch)]
    [InlineData(
        "{\"a\":{" + Four + ",\"data_offsets\":[0,16]},\"b\":{" + Four + ",\"data_offsets\":[8,24]}}",
        24,
        CheckpointError.TensorsOverlap)]
    [InlineData(
        "{\"a\":{" + Four + ",\"data_offsets\":[0,16]},\"b\":{" + Four + ",\"data_offsets\":[20,36]}}",
        36,
        CheckpointError.Hole)]
    [InlineData("{\"a\":{" + Four + ",\"data_offsets\":[0,16]}}", 20, CheckpointError.Hole)]
    [InlineData(
        "{\"a\":{" + Four + ",\"data_offsets\":[0,16]},\"a\":{" + Four + ",\"data_offsets\":[16,32]}}",
        32,
        CheckpointError.DuplicateTensor)]
    [InlineData(
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, CheckpointError.UnsupportedElementType)]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, CheckpointError.InvalidShape)]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, CheckpointError.InvalidShape)]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}",
        4,
        CheckpointError.InvalidShape)]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}", 16, CheckpointError.JsonMalformed)]
    [InlineData("{\"a\":{\"shape\":[4],\"data_offsets\":[0,16]}}", 16, CheckpointError.JsonMalformed)]
    [InlineData("{\"a\":7}", 0, CheckpointError.JsonMalformed)]
    [InlineData("{\"a\":", 0, CheckpointError.JsonMalformed)]
    [InlineData("{\"\\ud800\":{}}", 0, CheckpointError.JsonMalformed)]
    [InlineData("{} trailing", 0, CheckpointError.JsonMalformed)]
    public void Read_WrongHeader_IsRefusedByName(string header, int dataBytes, CheckpointError expected)
    {
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors", SafetensorsBuilder.Raw(header, new byte[dataBytes]));

        Assert.Equal(expected, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Theory]
    [InlineData(0xFFFF_FFF0UL, CheckpointError.HeaderTooLarge)]
    [InlineData(90_000_000UL, CheckpointError.Truncated)]
    public void Read_FourGigabyteClaimInATinyFile_AllocatesNothingLarge(ulong headerBytes, CheckpointError expected)
    {
        byte[] file = new byte[64];
        BitConverter.TryWriteBytes(file, headerBytes);
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors", file);
        CheckpointReading.Refusal(_folder.FullPath);

        long before = GC.GetAllocatedBytesForCurrentThread();
        CheckpointError error = CheckpointReading.Refusal(_folder.FullPath);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(expected, error);
        Assert.True(allocated < 1 << 20, $"{allocated} bytes");
    }
}
