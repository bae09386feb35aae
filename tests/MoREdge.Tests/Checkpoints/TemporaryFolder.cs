using System.Text;
using System.Text.Json.Nodes;

namespace MoREdge.Tests.Checkpoints;

/// <summary>A folder for one test's checkpoint; gone afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => FullPath = Directory.CreateTempSubdirectory("moredge-checkpoint-").FullName;

    public string FullPath { get; }

    public string this[string name] => Path.Combine(FullPath, name);

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    public string WriteConfig(JsonObject config) => Write("config.json", config.ToJsonString());

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
