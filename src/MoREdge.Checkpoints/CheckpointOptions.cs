namespace MoREdge.Checkpoints;

/// <summary>What a source does not say about itself.</summary>
public sealed class CheckpointOptions
{
    /// <summary>A tokenizer file, or a folder that holds one; null looks beside the weights.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary>
    /// The Hydra YAML file of a Mixture-of-Recursions run; null reads the "mor" object of config.json.
    /// </summary>
    public string? MorConfigPath { get; init; }
}
