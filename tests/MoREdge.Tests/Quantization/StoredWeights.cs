using System.Runtime.InteropServices;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Quantization;

/// <summary>Reads a tensor of a model file back as float32.</summary>
internal static class StoredWeights
{
    /// <summary>(rows, cols) weights, and for a packed tensor the scale of each.</summary>
    public static (float[] Weights, float[] Scales) Read(GgufFile file, string name)
    {
        GgufTensor tensor = file.RequireTensor(name);
        ReadOnlySpan<byte> bytes = file.Bytes(tensor);
        if (tensor.Packed is not { } layout)
        {
            float[] plain = tensor.Type == ElementType.F32
                ? MemoryMarshal.Cast<byte, float>(bytes).ToArray()
                : Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), half => (float)half);
            return (plain, []);
        }

        float[] weights = new float[layout.Rows * layout.Cols];
        float[] scales = new float[weights.Length];
        float[] tileWeights = new float[PackedLayout.TileRows * layout.PaddedCols];
        int quantBytes = layout.GroupCount * PackedLayout.TileGroupBytes(layout.Format);
        int scaleCount = layout.GroupCount * PackedLayout.TileRows;
        ReadOnlySpan<ushort> allScales = MemoryMarshal.Cast<byte, ushort>(bytes[(int)layout.ScaleOffset..]);
        for (int row = 0; row < layout.TileCount * PackedLayout.TileRows; row++)
        {
            int tile = row / PackedLayout.TileRows;
            int inTile = row % PackedLayout.TileRows;
            ReadOnlySpan<ushort> tileScales = allScales.Slice(tile * scaleCount, scaleCount);
            PackedTile.Dequantize(layout, bytes.Slice(tile * quantBytes, quantBytes), tileScales, tileWeights);
            for (int col = 0; col < layout.PaddedCols; col++)
            {
                float weight = tileWeights[(inTile * layout.PaddedCols) + col];
                if (row >= layout.Rows || col >= layout.Cols)
                {
                    Assert.Equal(0, weight);
                    continue;
                }

                int scaleIndex = (col / PackedLayout.GroupSize * PackedLayout.TileRows) + inTile;
                weights[(row * layout.Cols) + col] = weight;
                scales[(row * layout.Cols) + col] = (float)BitConverter.UInt16BitsToHalf(tileScales[scaleIndex]);
            }
        }

        return (weights, scales);
    }
}
