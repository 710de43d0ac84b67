"""Ears for calls: when somebody speaks, what they say, which answer it was, and tones.

Everything runs on this machine, without torch: Silero's detector on onnxruntime, Whisper tiny.en on
CTranslate2. Only `hearing` and `listener` may be imported without the voice packages; the rest is
loaded by `hearing.Ears.open`.
"""
