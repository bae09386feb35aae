// The intrinsics that the kernels use, declared exactly as .NET declares them: the compiler knows them by name and
// replaces each call by an instruction. A kernel that needs another one adds its line here.
#pragma warning disable
namespace System.Runtime.Intrinsics.Arm
{
    using System.Runtime.CompilerServices;
    using B = Vector128<byte>;
    using F = Vector128<float>;
    using H = Vector128<short>;
    using I = Vector128<int>;
    using S = Vector128<sbyte>;
    using U = Vector128<ushort>;

    [Intrinsic]
    public abstract unsafe class AdvSimd
    {
        public static bool IsSupported { get => IsSupported; }
        public static S LoadVector128(sbyte* p) => LoadVector128(p);
        public static B LoadVector128(byte* p) => LoadVector128(p);
        public static H LoadVector128(short* p) => LoadVector128(p);
        public static U LoadVector128(ushort* p) => LoadVector128(p);
        public static I LoadVector128(int* p) => LoadVector128(p);
        public static F LoadVector128(float* p) => LoadVector128(p);
        public static B LoadAndReplicateToVector128(byte* p) => LoadAndReplicateToVector128(p);
        public static I LoadAndReplicateToVector128(int* p) => LoadAndReplicateToVector128(p);
        public static F LoadAndReplicateToVector128(float* p) => LoadAndReplicateToVector128(p);
        public static void Store(float* p, F v) => Store(p, v);
        public static F Multiply(F a, F b) => Multiply(a, b);
        public static F FusedMultiplyAdd(F sum, F a, F b) => FusedMultiplyAdd(sum, a, b);
        public static F ConvertToSingle(I v) => ConvertToSingle(v);
        public static F MultiplyBySelectedScalar(F a, Vector64<float> b, byte i) => MultiplyBySelectedScalar(a, b, i);
        public static F MultiplyBySelectedScalar(F a, F b, byte i) => MultiplyBySelectedScalar(a, b, i);
        public static I MultiplyBySelectedScalar(I a, I b, byte i) => MultiplyBySelectedScalar(a, b, i);
        public static I MultiplyBySelectedScalar(I a, Vector64<int> b, byte i) => MultiplyBySelectedScalar(a, b, i);
        public static I MultiplySubtractBySelectedScalar(I sum, I a, Vector64<int> b, byte i) =>
            MultiplySubtractBySelectedScalar(sum, a, b, i);

        public static I MultiplySubtract(I sum, I a, I b) => MultiplySubtract(sum, a, b);
        public static B ShiftLeftAndInsert(B a, B b, byte n) => ShiftLeftAndInsert(a, b, n);
        public static B ShiftRightAndInsert(B a, B b, byte n) => ShiftRightAndInsert(a, b, n);
        public static B CompareTest(B a, B b) => CompareTest(a, b);
        public static B ShiftLeftLogical(B v, byte n) => ShiftLeftLogical(v, n);
        public static H ShiftLeftLogical(H v, byte n) => ShiftLeftLogical(v, n);
        public static I ShiftLeftLogical(I v, byte n) => ShiftLeftLogical(v, n);
        public static H ShiftRightArithmetic(H v, byte n) => ShiftRightArithmetic(v, n);
        public static I ShiftRightArithmetic(I v, byte n) => ShiftRightArithmetic(v, n);
        public static I DuplicateSelectedScalarToVector128(I v, byte i) => DuplicateSelectedScalarToVector128(v, i);
        public static I ShiftLeftLogicalWideningLower(Vector64<short> v, byte n) => ShiftLeftLogicalWideningLower(v, n);
        public static I ShiftLeftLogicalWideningUpper(H v, byte n) => ShiftLeftLogicalWideningUpper(v, n);
        public static H SignExtendWideningLower(Vector64<sbyte> v) => SignExtendWideningLower(v);
        public static I SignExtendWideningLower(Vector64<short> v) => SignExtendWideningLower(v);
        public static H SignExtendWideningUpper(S v) => SignExtendWideningUpper(v);
        public static I SignExtendWideningUpper(H v) => SignExtendWideningUpper(v);
        public static I And(I a, I b) => And(a, b);
        public static B And(B a, B b) => And(a, b);
        public static B ShiftRightLogical(B v, byte n) => ShiftRightLogical(v, n);
        public static H MultiplyWideningLower(Vector64<sbyte> a, Vector64<sbyte> b) => MultiplyWideningLower(a, b);
        public static H MultiplyWideningLowerAndAdd(H sum, Vector64<sbyte> a, Vector64<sbyte> b) =>
            MultiplyWideningLowerAndAdd(sum, a, b);

        public static H MultiplyWideningUpper(S a, S b) => MultiplyWideningUpper(a, b);
        public static H MultiplyWideningUpperAndAdd(H sum, S a, S b) => MultiplyWideningUpperAndAdd(sum, a, b);
        public static I AddPairwiseWidening(H v) => AddPairwiseWidening(v);
        public static I AddPairwiseWideningAndAdd(I sum, H v) => AddPairwiseWideningAndAdd(sum, v);

        [Intrinsic]
        public abstract class Arm64
        {
            public static bool IsSupported { get => IsSupported; }
            public static (S, S) LoadPairVector128(sbyte* p) => LoadPairVector128(p);
            public static (B, B) LoadPairVector128(byte* p) => LoadPairVector128(p);
            public static (I, I) LoadPairVector128(int* p) => LoadPairVector128(p);
            public static (F, F) LoadPairVector128(float* p) => LoadPairVector128(p);
            public static B VectorTableLookup(B table, B indexes) => VectorTableLookup(table, indexes);
            public static I ZipHigh(I a, I b) => ZipHigh(a, b);
            public static H ZipHigh(H a, H b) => ZipHigh(a, b);
            public static H ZipLow(H a, H b) => ZipLow(a, b);
            public static I ZipLow(I a, I b) => ZipLow(a, b);
            public static F FusedMultiplyAddBySelectedScalar(F sum, F a, F b, byte i) =>
                FusedMultiplyAddBySelectedScalar(sum, a, b, i);

            public static void StorePair(sbyte* p, S a, S b) => StorePair(p, a, b);
            public static void StorePair(float* p, F a, F b) => StorePair(p, a, b);
            public static H AddPairwise(H a, H b) => AddPairwise(a, b);
            public static I AddPairwise(I a, I b) => AddPairwise(a, b);
        }
    }

    [Intrinsic]
    public abstract class Dp : AdvSimd
    {
        public static new bool IsSupported { get => IsSupported; }
        public static I DotProduct(I sum, S a, S b) => DotProduct(sum, a, b);
        public static I DotProductBySelectedQuadruplet(I sum, S a, S b, byte i) =>
            DotProductBySelectedQuadruplet(sum, a, b, i);
    }
}
