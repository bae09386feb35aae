using MoREdge.Tensors;

namespace MoREdge.Tests.Tensors;

public sealed class PackedTileTests
{
    [Fact]
    public void PackQ8_HandWorkedTile_PutsFourColumnsOfEachRowTogether()
    {
        PackedLayout layout = new(QuantFormat.Q8G32, 8, 64);
        sbyte[] quants = new sbyte[8 * 64];
        ushort[] scales = new ushort[8 * 2];
        quants[(0 * 64) + 0] = 1; // row 0, quad 0, i 0: byte 0
        quants[(0 * 64) + 3] = 2; // row 0, quad 0, i 3: byte 3
        quants[(1 * 64) + 0] = 3; // row 1, quad 0, i 0: byte 4
        quants[(7 * 64) + 31] = -127; // row 7, quad 7, i 3: byte 7*32 + 7*4 + 3 = 255
        quants[(2 * 64) + 32 + 5] = 4; // row 2, group 1, quad 1, i 1: byte 256 + 32 + 8 + 1 = 297
        scales[(2 * 2) + 1] = 0x3C00; // row 2, group 1: scale 1*8 + 2 = 10
        byte[] tileQuants = new byte[2 * 256];
        ushort[] tileScales = new ushort[2 * 8];

        PackedTile.Pack(layout, quants, scales, tileQuants, tileScales);

        byte[] expected = new byte[2 * 256];
        expected[0] = 1;
        expected[3] = 2;
        expected[4] = 3;
        expected[255] = 0x81;
        expected[297] = 4;
        Assert.Equal(expected, tileQuants);
        ushort[] expectedScales = new ushort[2 * 8];
        expectedScales[10] = 0x3C00;
        Assert.Equal(expectedScales, tileScales);
    }

    [Fact]
    public void PackQ4_HandWorkedTile_PairsQuadsJAndJPlus4()
    {
        PackedLayout layout = new(QuantFormat.Q4G32, 8, 32);
        sbyte[] quants = new sbyte[8 * 32];
        quants[(0 * 32) + 0] = -8; // row 0, quad 0, i 0: low nibble of byte 0 becomes 0
        quants[(0 * 32) + 16] = 7; // row 0, quad 4, i 0: high nibble of byte 0 becomes 15
        quants[(3 * 32) + 6] = 1; // row 3, quad 1, i 2: low nibble of byte 32 + 12 + 2 = 46 becomes 9
        quants[(7 * 32) + 31] = -1; // row 7, quad 7, i 3: high nibble of byte 3*32 + 28 + 3 = 127 becomes 7
        byte[] tileQuants = new byte[128];

        PackedTile.Pack(layout, quants, new ushort[8], tileQuants, new ushort[8]);

        byte[] expected = new byte[128];
        Array.Fill(expected, (byte)0x88); // quant 0 is nibble 8
        expected[0] = 0xF0;
        expected[46] = 0x89;
        expected[127] = 0x78;
        Assert.Equal(expected, tileQuants);
    }

    [Theory]
    [InlineData(QuantFormat.Q8G32, 1, 1)]
    [InlineData(QuantFormat.Q8G32, 8, 96)]
    [InlineData(QuantFormat.Q4G32, 3, 33)]
    [InlineData(QuantFormat.Q4G32, 8, 160)]
    public void Unpack_OfPacked_GivesBackEveryQuantAndScale(QuantFormat format, int rows, int cols)
    {
        PackedLayout layout = new(format, rows, cols);
        Random random = new(20240607);
        sbyte[] quants = new sbyte[8 * layout.PaddedCols];
        ushort[] scales = new ushort[8 * layout.GroupCount];
        for (int row = 0; row < rows; row++)
        {
            for (int col = 0; col < cols; col++)
            {
                int quant = format == QuantFormat.Q8G32 ? random.Next(-127, 128) : random.Next(-8, 8);
                quants[(row * layout.PaddedCols) + col] = (sbyte)quant;
                ushort scale = BitConverter.HalfToUInt16Bits((Half)random.NextSingle());
                scales[(row * layout.GroupCount) + (col / 32)] = scale;
            }
        }

        byte[] tileQuants = new byte[layout.GroupCount * PackedLayout.TileGroupBytes(format)];
        ushort[] tileScales = new ushort[layout.GroupCount * 8];
        PackedTile.Pack(layout, quants, scales, tileQuants, tileScales);
        sbyte[] quantsBack = new sbyte[quants.Length];
        ushort[] scalesBack = new ushort[scales.Length];
        PackedTile.Unpack(layout, tileQuants, tileScales, quantsBack, scalesBack);

        Assert.Equal(quants, quantsBack);
        Assert.Equal(scales, scalesBack);
    }

    [Fact]
    public void Dequantize_HandWorkedWeights_MultipliesTheRowsOwnGroupScale()
    {
        PackedLayout layout = new(QuantFormat.Q4G32, 8, 64);
        sbyte[] quants = new sbyte[8 * 64];
        ushort[] scales = new ushort[8 * 2];
        quants[(1 * 64) + 2] = -3;
        quants[(1 * 64) + 50] = 5;
        scales[(1 * 2) + 0] = BitConverter.HalfToUInt16Bits((Half)0.5f);
        scales[(1 * 2) + 1] = BitConverter.HalfToUInt16Bits((Half)2f);
        byte[] tileQuants = new byte[2 * 128];
        ushort[] tileScales = new ushort[2 * 8];
        PackedTile.Pack(layout, quants, scales, tileQuants, tileScales);
        float[] weights = new float[8 * 64];

        PackedTile.Dequantize(layout, tileQuants, tileScales, weights);

        Assert.Equal(-1.5f, weights[(1 * 64) + 2]);
        Assert.Equal(10f, weights[(1 * 64) + 50]);
        weights[(1 * 64) + 2] = 0;
        weights[(1 * 64) + 50] = 0;
        Assert.All(weights, weight => Assert.Equal(0f, weight));
    }

    [Fact]
    public void Pack_SpanOfAnotherLength_Throws()
    {
        PackedLayout layout = new(QuantFormat.Q8G32, 8, 32);
        Assert.Throws<ArgumentException>(
            () => PackedTile.Pack(layout, new sbyte[255], new ushort[8], new byte[256], new ushort[8]));
    }
}
