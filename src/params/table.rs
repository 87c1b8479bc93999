//! The table of all keys of `params.json`.
//!
//! Ranges, defaults and meanings are written down here and nowhere else. Python reads it through
//! `wms.Params.table()`, and `tools/make_params_table.py` writes docs/params.md from it.

use super::key::Key;
use super::key::Kind::{Choice, Number, Switch, Text, Whole};
use super::key::Section::{
    Compatibility, Data, Frames, Length, Loss, Network, Optimiser, Pitch, Recordings, Timbre,
    Validation,
};
use crate::limits::MAX_LAYER;

const PREDICT: &str =
    "`wms predict` always writes its pictures and sounds into the folder it is given";

/// All keys: those of `wms_torch` in the order of its file, then this project's own.
pub const KEYS: &[Key] = &[
    Key::new("audio_files_path", Recordings, Text, "\"\"").means(
        "The recordings to train on: a file or a folder. Commands that are given \
         recordings do not read it.",
    ),
    Key::new("sample_rate", Recordings, Whole(4000, 384_000), "16000")
        .means("Rate in Hz that recordings are resampled to before anything else."),
    Key::new("hop_size", Frames, Whole(1, 1 << 20), "256")
        .means("Samples from the start of one frame to the start of the next."),
    Key::new("window_size", Frames, Whole(16, 1 << 16), "1024")
        .means("Samples of a frame, also once it has been stretched to whole cycles."),
    Key::new("n_fft", Frames, Whole(16, 1 << 18), "1024").means(
        "Samples of the Fourier transform of a frame, at least window_size; the rest is \
         filled with zeros.",
    ),
    Key::new("n_fft_preserved", Frames, Whole(1, (1 << 17) + 1), "80").or_null().means(
        "Number of spectrum bins to keep, lowest first: the outputs of the network. null \
         keeps all n_fft / 2 + 1.",
    ),
    Key::new("power", Compatibility, Number(0.0, 10.0), "1.0")
        .means("Exponent of the magnitudes in the spectrum.")
        .without_effect("the spectrum is always a magnitude"),
    Key::new("fft_type", Frames, Choice(&["real"]), "\"real\"").means("Kind of Fourier transform."),
    Key::new("cycles_per_window", Frames, Whole(0, 64), "2").or_null().means(
        "Cycles of the fundamental that each frame is stretched to, so that partials fall \
         onto the same bins at any pitch. 0 or null leaves frames as they are; no model \
         can be trained on those.",
    ),
    Key::new("force_recompute_features", Compatibility, Switch, "false").means(
        "Whether wms_torch computes features again that its cache already holds. This \
         program always computes them; `wms cache` warns if this is set.",
    ),
    Key::new("n_mfcc", Timbre, Whole(1, 128), "8").means(
        "Number of mel-frequency cepstral coefficients (MFCC) that describe the timbre of \
         a frame.",
    ),
    Key::new("n_mel", Timbre, Whole(1, 1024), "40")
        .means("Number of mel bands from which the MFCC are computed, at least n_mfcc."),
    Key::new("f_low", Pitch, Number(1.0, 100_000.0), "46")
        .means("Lowest fundamental frequency to look for, Hz."),
    Key::new("f_high", Pitch, Number(2.0, 192_000.0), "1600")
        .means("Highest fundamental frequency to look for, Hz; at most half of sample_rate."),
    Key::new("mfcc_dim_reduction", Timbre, Choice(&["", "pacmap"]), "\"\"").means(
        "What the MFCC are reduced to before they reach the network: \"\" leaves them, \
         \"pacmap\" makes three coordinates of them (docs/pacmap.md).",
    ),
    Key::new("pitch_detection_method", Pitch, Choice(&["crepe", "pyin", "yin"]), "\"crepe\"")
        .means("How the fundamental frequency is found (docs/pitch.md)."),
    Key::new("include_voicedness", Pitch, Switch, "true")
        .means("Whether the probability that a frame has a pitch is an input of the network."),
    Key::new("model_type", Network, Choice(&["GRU", "WMS-2"]), "\"GRU\"")
        .means(
            "Kind of network: one layer of gated recurrent units (GRU) between dense layers, or \
             \"WMS-2\", whose decoder is shared by all partials (docs/training.md).",
        ),
    Key::new("hidden_size", Network, Whole(1, MAX_LAYER as u64), "256")
        .means("Number of gated recurrent units, and width of the dense layer behind them."),
    Key::new(
        "criterion",
        Loss,
        Choice(&["MSE", "WeightedMSE", "Spectral", "LogSpectral", "Decibel"]),
        "\"MSE\"",
    )
    .means("Loss between predicted and true spectra, both ln(1 + magnitude) (docs/training.md)."),
    Key::new("optimizer", Optimiser, Choice(&["Adam", "AdamW", "SGD"]), "\"AdamW\"")
        .means("Rule by which the weights are updated."),
    Key::new("amsgrad", Optimiser, Switch, "false")
        .means("Whether Adam and AdamW use their AMSGrad variant."),
    Key::new("batch_size", Data, Whole(1, 1 << 20), "32").means("Sequences in a batch."),
    Key::new("learning_rate", Optimiser, Number(1e-12, 1e3), "0.006")
        .means("Highest learning rate; lr_schedule says how it changes."),
    Key::new("lr_decay", Compatibility, Number(0.0, 10.0), "1.0")
        .means("Factor by which the learning rate shrinks each epoch.")
        .without_effect("\"lr_schedule\" sets the learning rate"),
    Key::new("weight_decay", Optimiser, Number(0.0, 1e3), "0.1")
        .means("Weight decay of the optimiser."),
    Key::new("dropout", Network, Number(0.0, 0.99), "0.0")
        .means("Share of the recurrent outputs that are set to zero at random while training."),
    Key::new("num_epochs", Length, Whole(1, 1 << 30), "300")
        .means("Epochs to train where train_minutes is null."),
    Key::new("num_batches", Data, Whole(1, 1 << 30), "null")
        .or_null()
        .means("Batches in an epoch, at most; null sets no limit."),
    Key::new("training_seq_length", Data, Whole(2, 1 << 20), "20")
        .means("Frames in a training sequence."),
    Key::new("save_scratch_model_every", Length, Whole(0, 1 << 30), "600").means(
        "Epochs from one checkpoint to the next; 0 writes one only when the training is \
         interrupted.",
    ),
    Key::new("animate_weights", Compatibility, Switch, "false")
        .means("Whether wms_torch draws the weights while training.")
        .without_effect("training draws its loss curves only"),
    Key::new("record_weights_every", Compatibility, Whole(0, 1 << 30), "0")
        .means("Epochs from one picture of the weights to the next.")
        .without_effect("checkpoints keep the weights"),
    Key::new("do_plotting_on_prediction", Compatibility, Switch, "true")
        .means("Whether wms_torch draws what it predicts.")
        .without_effect(PREDICT),
    Key::new("write_audio", Compatibility, Switch, "true")
        .means("Whether wms_torch writes what it predicts as sound.")
        .without_effect(PREDICT),
    Key::new("write_spectrum", Compatibility, Switch, "true")
        .means("Whether wms_torch writes the spectra that it predicts.")
        .without_effect(PREDICT),
    Key::new("compatibility", Compatibility, Choice(&["main", "dev"]), "null")
        .or_null()
        .own()
        .means(
            "Whose numbers the analysis gives: null for this program's own, \"main\" or \
         \"dev\" for those of that branch of wms_torch.",
        ),
    Key::new("momentum", Optimiser, Number(0.0, 0.999_999), "0.9")
        .own()
        .means("Momentum of SGD; the other optimisers do not use it."),
    Key::new("seed", Data, Whole(0, 0xffff_ffff), "42")
        .own()
        .means("Seed of every random generator of the training."),
    Key::new("sequence_stride", Data, Whole(1, 1 << 20), "null").or_null().own().means(
        "An epoch draws one sequence, which may start anywhere, for every so many \
         training frames. null is half of training_seq_length; 1 draws every sequence \
         once an epoch, as wms_torch does.",
    ),
    Key::new("lr_schedule", Optimiser, Choice(&["cosine", "plateau", "constant"]), "\"cosine\"")
        .own()
        .means(
            "Course of the learning rate: \"cosine\" falls to 1 % over the whole training, \
         \"plateau\" halves after 15 validations without improvement, down to 1e-6 (as \
         wms_torch), \"constant\" stays.",
        ),
    Key::new("warmup_steps", Optimiser, Whole(0, 1 << 30), "50")
        .own()
        .means("Batches over which the learning rate first rises linearly from 0."),
    Key::new("grad_clip_norm", Optimiser, Number(1e-9, 1e9), "1.0")
        .or_null()
        .own()
        .means("Gradients of a larger norm are scaled down to this one; null never does."),
    Key::new("ema_decay", Optimiser, Number(0.0, 0.999_999), "0.98").own().means(
        "Decay per batch of the running average of the weights, which is what is \
         validated and kept; 0 keeps the weights themselves.",
    ),
    Key::new("input_noise", Data, Number(0.0, 10.0), "0.05").own().means(
        "Standard deviation of the Gaussian noise that is added to the normalised inputs \
         while training.",
    ),
    Key::new("random_gain_db", Data, Number(0.0, 40.0), "3.0").own().means(
        "Standard deviation in dB of the random gain that each training sequence gets; \
         without effect where mfcc_dim_reduction is \"pacmap\".",
    ),
    Key::new("normalise_inputs", Data, Switch, "true").own().means(
        "Whether the network is trained on inputs of zero mean and unit variance and \
         starts from weights made for them; the model file holds weights for the plain \
         inputs either way. false starts as wms_torch does.",
    ),
    Key::new("huber_delta", Loss, Number(1e-9, 1e6), "0.002").or_null().own().means(
        "In MSE and WeightedMSE, errors above this one count by their size instead of \
         their square; null squares all errors.",
    ),
    Key::new("smoothness_weight", Loss, Number(0.0, 1e6), "0.0").own().means(
        "Weight in the loss of the mean squared difference between neighbouring predicted \
         bins.",
    ),
    Key::new("min_voicedness", Data, Number(0.0, 1.0), "0.0").own().means(
        "Frames of lower voicedness are neither trained nor validated on, and no sequence \
         crosses them; 0 uses all frames.",
    ),
    Key::new("validation_fraction", Validation, Number(0.001, 0.9), "0.1")
        .own()
        .means("Share of the frames that is kept aside to validate on."),
    Key::new("validation_stretch_s", Validation, Number(0.001, 1e6), "4.0")
        .own()
        .means("Length in seconds of each stretch of sound that is kept aside."),
    Key::new("train_minutes", Length, Number(1e-6, 1e6), "null")
        .or_null()
        .own()
        .means("Minutes to train instead of num_epochs; on the CPU, of processor time divided by the threads."),
    Key::new("early_stop_patience", Length, Whole(1, 1 << 30), "null").or_null().own().means(
        "The training ends after so many validations without improvement; null never ends \
         it early.",
    ),
    Key::new("validation_split", Validation, Choice(&["stretches", "notes"]), "\"stretches\"")
        .own()
        .means(
            "What is kept aside: \"stretches\" of each recording, or whole \"notes\", and all notes \
             of some keys where there are at least 12 keys; stretches too where there are fewer \
             than 8 notes.",
        ),
];
