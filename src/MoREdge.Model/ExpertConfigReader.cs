using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>Reads the mixture of experts from a file's keys.</summary>
internal static class ExpertConfigReader
{
    private const int CountMax = 4096;

    /// <summary>The mixture, or null for a model without one.</summary>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static ExpertConfig? Read(
        ConfigKeys keys, Architecture architecture, int blockCount, Func<string, TensorShape?> shapeOf)
    {
        int count = keys.Count(ExpertKeys.Count, 0);
        if (count == 0)
        {
            // Converters write these keys with 0 for models without experts.
            ConfigKeys.Require(
                keys.Count(ExpertKeys.UsedCount, 0) == 0,
                "The file says how many experts a token goes through, but not how many there are.");
            return null;
        }

        int usedCount = keys.Dimension(ExpertKeys.UsedCount);
        int idle = keys.Count(ExpertKeys.IdleCount, 0);
        ConfigKeys.Require(
            count <= CountMax && idle <= CountMax && usedCount <= count + idle,
            $"A token cannot go through {usedCount} of {count + idle} experts (at most {CountMax}).");
        int groups = Math.Max(keys.Count(ExpertKeys.GroupCount, 1), 1);
        int usedGroups = Math.Max(keys.Count(ExpertKeys.GroupUsedCount, groups), 1);
        ConfigKeys.Require(
            (count + idle) % groups == 0 && usedGroups <= groups && usedGroups * ((count + idle) / groups) >= usedCount,
            $"The {count} experts do not fall into {groups} groups of which {usedGroups} hold enough of them.");
        float scale = keys.Number(ExpertKeys.WeightsScale, 1, 0, float.MaxValue);
        return new ExpertConfig
        {
            Count = count,
            UsedCount = usedCount,
            FfnDim = FfnDim(
                keys, Width(blockCount, shapeOf, TensorNames.ExpertsDown, TensorNames.Expert(TensorNames.FfnDown, 0))),
            SharedFfnDim = keys.Count(
                ExpertKeys.SharedFeedForwardLength, Width(blockCount, shapeOf, TensorNames.SharedDown)),
            Gate = Gate(keys),
            NormalizesWeights = keys.Flag(ExpertKeys.WeightsNorm, architecture.NormalizesExpertWeights),
            SumEpsilon = keys.Number(ExpertKeys.SumEpsilon, 0, 0, 1),
            IdleCount = idle,
            IsClamped = keys.Flag(ExpertKeys.Clamped),
            WeightScale = scale == 0 ? 1 : scale,
            GroupCount = groups,
            GroupUsedCount = usedGroups,
        };
    }

    /// <summary>
    /// Mixtral and Granite keep the width of an expert in the key of ordinary networks; the first files of Qwen2-MoE
    /// nowhere but in the shapes of its tensors (<paramref name="stored"/>), where that of the shared one is, too.
    /// </summary>
    private static int FfnDim(ConfigKeys keys, int stored)
    {
        int own = keys.Count(ExpertKeys.FeedForwardLength, stored);
        int ordinary = keys.Count(MetadataKeys.FeedForwardLength, 0);
        ConfigKeys.Require(own > 0 || ordinary > 0, "The file does not say how wide an expert is.");
        return own > 0 ? own : ordinary;
    }

    /// <summary>Columns of the first of these tensors in the blocks; 0 when there is none.</summary>
    private static int Width(int blockCount, Func<string, TensorShape?> shapeOf, params ReadOnlySpan<string> names)
    {
        for (int block = 0; block < blockCount; block++)
        {
            foreach (string name in names)
            {
                if (shapeOf(TensorNames.Block(block, name)) is { } shape)
                {
                    ConfigKeys.Require(
                        shape.Cols <= ModelFileLimits.ModelDimensionMax, $"An expert is {shape.Cols} wide.");
                    return (int)shape.Cols;
                }
            }
        }

        return 0;
    }

    private static ExpertGate Gate(ConfigKeys keys) => keys.Count(ExpertKeys.GatingFunction, ExpertKeys.Softmax) switch
    {
        0 or ExpertKeys.Softmax => ExpertGate.Softmax,
        ExpertKeys.Sigmoid => ExpertGate.Sigmoid,
        ExpertKeys.SoftmaxOfChosen => ExpertGate.SoftmaxOfChosen,
        int other => throw ConfigKeys.Wrong($"The experts are gated by the function {other}, which is not known."),
    };
}
