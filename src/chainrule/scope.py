"""What Keras has and chainrule leaves out, and why. Asking for such a name gives an error that says so."""

from __future__ import annotations

import opcode
from collections.abc import Iterable
from types import FrameType

_IMPORT_FROM = opcode.opmap["IMPORT_FROM"]

CONVOLUTION = "convolutions and what goes with them"
RECURRENCE = "recurrent networks"
ATTENTION = "attention"
IMAGES = "images"
SOUND = "sound and signals"
TEXT_AND_AUDIO_FILES = "folders of texts, images or sound"
OTHERS = "layers of other frameworks"
QUANTIZED = "quantised weights"
HARDWARE = "placing parts of a network on devices"
BIG = "large networks"
NETWORK = "callbacks that need a service or another framework"

_RANDOM = (
    *("Brightness", "ColorDegeneration", "ColorJitter", "Contrast", "Crop", "ElasticTransform", "Erasing", "Flip"),
    *("GaussianBlur", "Grayscale", "Hue", "Invert", "Perspective", "Posterization", "Rotation", "Saturation"),
    *("Sharpness", "Shear", "Translation", "Zoom"),
)
_POOLED = [f"{kind}{n}D" for kind in ("AveragePooling", "AvgPool", "MaxPool", "MaxPooling") for n in (1, 2, 3)]
_GLOBAL = [f"Global{kind}" for kind in (*(f"AveragePooling{n}D" for n in (2, 3)), *(f"MaxPooling{n}D" for n in (2, 3)))]
_GLOBAL += [f"Global{kind}{n}D" for kind in ("AvgPool", "MaxPool") for n in (2, 3)]
_ADAPTIVE = [f"Adaptive{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2, 3)]

_LAYERS: dict[str, Iterable[str]] = {
    CONVOLUTION: (
        *(f"{kind}{n}D{end}" for kind in ("Conv", "Convolution") for n in (1, 2, 3) for end in ("", "Transpose")),
        *(f"{kind}{n}D" for kind in ("DepthwiseConv", "SeparableConv", "SeparableConvolution") for n in (1, 2)),
        *(f"{kind}{n}D" for kind in ("Cropping", "UpSampling", "ZeroPadding") for n in (1, 2, 3)),
        *("SpatialDropout2D", "SpatialDropout3D"),
        *_POOLED,
        *_GLOBAL,
        *_ADAPTIVE,
    ),
    RECURRENCE: (
        *("Bidirectional", "GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "SimpleRNN", "SimpleRNNCell"),
        *("StackedRNNCells", *(f"ConvLSTM{n}D" for n in (1, 2, 3))),
    ),
    ATTENTION: ("AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"),
    IMAGES: (
        *("AugMix", "AutoContrast", "CenterCrop", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix"),
        *("Equalization", "MaxNumBoundingBoxes", "MixUp", "RandAugment", "Resizing", "Solarization"),
        *(f"Random{what}" for what in _RANDOM),
    ),
    SOUND: ("MelSpectrogram", "STFTSpectrogram"),
    OTHERS: ("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"),
}

_OPS: dict[str, Iterable[str]] = {
    CONVOLUTION: (
        *("adaptive_average_pool", "adaptive_max_pool", "average_pool", "conv", "conv_transpose", "depthwise_conv"),
        *("max_pool", "separable_conv", "depth_to_space", "space_to_depth", "fold", "unfold"),
    ),
    SOUND: (
        *("extract_sequences", "fft", "fft2", "ifft2", "irfft", "istft", "rfft", "stft", "view_as_complex"),
        *("view_as_real", "polar", "ctc_decode", "ctc_loss"),
    ),
    ATTENTION: ("dot_product_attention",),
    IMAGES: ("image", "psnr"),
}

OUT_OF_SCOPE: dict[str, dict[str, Iterable[str]]] = {
    "chainrule": {
        BIG: ("applications", "distillation", "remat", "RematScope"),
        HARDWARE: ("distribution",),
        QUANTIZED: ("Quantizer", "quantizers"),
        IMAGES: ("visualization",),
        "Keras 2": ("legacy",),
        "formats of other frameworks": ("export",),
    },
    "chainrule.layers": _LAYERS,
    "chainrule.ops": _OPS,
    "chainrule.losses": {RECURRENCE: ("CTC", "ctc")},
    "chainrule.initializers": {SOUND: ("STFT", "STFTInitializer", "stft")},
    "chainrule.optimizers": {"Keras 2": ("legacy",)},
    "chainrule.callbacks": {NETWORK: ("OrbaxCheckpoint", "RemoteMonitor")},
    "chainrule.config": {
        ATTENTION: ("disable_flash_attention", "enable_flash_attention", "is_flash_attention_enabled"),
        OTHERS: ("is_nnx_enabled",),
    },
    "chainrule.dtype_policies": {
        QUANTIZED: (
            *("AWQDTypePolicy", "GPTQDTypePolicy", "Int4DTypePolicy", "QuantizedDTypePolicy"),
            "QuantizedFloat8DTypePolicy",
        ),
    },
    "chainrule.preprocessing": {
        IMAGES: ("image",),
        TEXT_AND_AUDIO_FILES: ("image_dataset_from_directory", "text_dataset_from_directory"),
    },
    "chainrule.utils": {
        IMAGES: ("array_to_img", "bounding_boxes", "img_to_array", "load_img", "save_img"),
        TEXT_AND_AUDIO_FILES: (
            *("audio_dataset_from_directory", "image_dataset_from_directory", "text_dataset_from_directory"),
        ),
        "Keras 2": ("legacy",),
    },
}
"""Module -> what it is about -> names."""


def reason(module: str, name: str) -> str | None:
    """Return what a name that is left out is about, or None if it is not on the list.

    >>> reason("chainrule.layers", "LSTM")
    'recurrent networks'
    """
    return next((about for about, names in OUT_OF_SCOPE.get(module, {}).items() if name in names), None)


def missing(module: str, name: str, known: Iterable[str], caller: FrameType) -> Exception:
    """Return the error for a name that a module does not have.

    Args:
        known: the names that it has.
        caller: who asks; `from module import name` hears an ImportError, for Python would swallow the words of an
            AttributeError.
    """
    about = None if name.startswith("_") else reason(module, name)
    if about is not None:
        where = module.replace("chainrule", "keras", 1)
        text = (
            f"'{module}.{name}' does not exist: it belongs to {about}, out of chainrule's scope "
            f"(feedforward networks). Use Keras for it: '{where}.{name}'."
        )
    else:
        text = f"module {module!r} has no attribute {name!r}.{_hint(name, known)}"
    if caller.f_lasti >= 0 and caller.f_code.co_code[caller.f_lasti] == _IMPORT_FROM:
        return ImportError(text, name=module)
    return AttributeError(text, name=name)


def _hint(name: str, known: Iterable[str]) -> str:
    if name.startswith("_"):  # asked for by tools, not by people
        return ""
    import difflib

    near = difflib.get_close_matches(name, list(known), n=3)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
