"""Other systems' decoders, trained and judged in the same way as a WMS model.

Everything happens at 16 kHz and 100 frames per second. `ddsp` and `dwts` are two decoders on the
same body (`decoder`); they are told the same (`hearing`), learn from the same distance (`learning`)
and are measured alike (`judging`).
"""
