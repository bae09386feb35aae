using MoREdge.Checkpoints;
using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>Minutes of work for a file that would then be refused are worth a look before.</summary>
internal static class QuantizeCheck
{
    /// <summary>
    /// Throws unless the model file could be run, and warns where nobody could write or chat with it.
    /// </summary>
    /// <exception cref="ModelFileException">Its network is not one that this version runs.</exception>
    /// <exception cref="FailureException">It recommends a way to sample that is none.</exception>
    public static void Require(Checkpoint checkpoint)
    {
        Dictionary<string, TensorShape> shapes = new(StringComparer.Ordinal);
        foreach (CheckpointTensor tensor in checkpoint.Tensors)
        {
            shapes[tensor.Name] = tensor.Shape;
        }

        if (shapes.TryGetValue(TensorNames.TokenEmbedding, out TensorShape embedding))
        {
            ModelConfigReader.Read(
                checkpoint.Metadata, embedding,
                name => shapes.TryGetValue(name, out TensorShape shape) ? shape : null);
        }

        if (checkpoint.File is { } file)
        {
            RequireRunnable(file);
            WarnOfTokenizer(checkpoint.Metadata);
        }
        else
        {
            RequireSampling(checkpoint.Metadata);
        }

        WarnOfTemplate(checkpoint.Metadata);
    }

    /// <summary>Whether a GGUF file holds what its network needs, which other sources are asked for.</summary>
    private static void RequireRunnable(GgufFile file)
    {
        try
        {
            DecoderModel.Load(file, ModelOptions.Kernels(), threadCount: 1).Dispose();
        }
        catch (ModelFileException fault) when (fault.Error == ModelFileError.UnsupportedElementType)
        {
            // Nothing runs F64, but it can be quantized.
        }
    }

    /// <summary>
    /// Token ids run without a tokenizer. One of the source is taken over as it is, where those of other sources are
    /// read.
    /// </summary>
    private static void WarnOfTokenizer(GgufMetadata metadata)
    {
        try
        {
            if (TokenizerLoader.ReadDefinition(metadata) is { } definition)
            {
                _ = new Tokenizer(definition);
            }
            else if (metadata.Contains(MetadataKeys.TokenizerTokens))
            {
                Faults.Warn("The file does not say of which kind its tokenizer is; its model runs on token ids only.");
            }
        }
        catch (TokenizerException fault)
        {
            Faults.Warn($"The model file will run on token ids only. {fault.Message}");
        }
    }

    /// <summary>Whether generate and chat would use what generation_config.json recommends.</summary>
    private static void RequireSampling(GgufMetadata metadata) => SamplerOptions.RecommendedBy(
        metadata,
        (_, reason) => throw new FailureException(
            $"generation_config.json: The sampling that it recommends is none: {reason}"));

    /// <summary>Whoever does not chat needs no template.</summary>
    private static void WarnOfTemplate(GgufMetadata metadata)
    {
        try
        {
            if (metadata.GetString(MetadataKeys.ChatTemplate) is { Length: > 0 } template)
            {
                ChatTemplate.Parse(template);
            }
        }
        catch (ChatTemplateException fault)
        {
            Faults.Warn($"'moredge chat' will refuse this model. {Faults.TemplateSentence(fault)}");
        }
    }
}
