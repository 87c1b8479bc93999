//! The table of all keys: what each may hold, and its default.

use super::short;
use crate::{Error, Result};
use serde_json::Value;
use std::fmt;

/// What a key may hold.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// A whole number in a range, ends included.
    Whole(u64, u64),
    /// As [`Rule::Whole`], or null.
    WholeOrNull(u64, u64),
    /// A finite number in a range, ends included.
    Number(f64, f64),
    /// As [`Rule::Number`], or null.
    NumberOrNull(f64, f64),
    /// true or false.
    Switch,
    /// One of some words.
    Word(&'static [&'static str]),
    /// One of some words, or null.
    WordOrNull(&'static [&'static str]),
    /// Any text.
    Text,
}

/// One key of `params.json`.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub rule: Rule,
    /// Whether a file must have it: so it is with all that `wms_torch` itself requires.
    pub required: bool,
    /// Its default as JSON text.
    default: &'static str,
    /// Why it has no effect, if it has none.
    pub no_effect: Option<&'static str>,
}

const fn theirs(name: &'static str, rule: Rule, default: &'static str) -> Key {
    Key { name, rule, required: true, default, no_effect: None }
}

const fn idle(name: &'static str, rule: Rule, default: &'static str, why: &'static str) -> Key {
    Key { name, rule, required: true, default, no_effect: Some(why) }
}

const fn ours(name: &'static str, rule: Rule, default: &'static str) -> Key {
    Key { name, rule, required: false, default, no_effect: None }
}

const PREDICT: &str =
    "`wms predict` always writes its pictures and sounds into the folder it is given";

/// All keys: those of `wms_torch` in the order of its file, then this project's.
pub const KEYS: &[Key] = &[
    theirs("audio_files_path", Rule::Text, "\"\""),
    theirs("sample_rate", Rule::Whole(4000, 384_000), "16000"),
    theirs("hop_size", Rule::Whole(1, 1 << 20), "256"),
    theirs("window_size", Rule::Whole(16, 1 << 16), "1024"),
    theirs("n_fft", Rule::Whole(16, 1 << 18), "1024"),
    theirs("n_fft_preserved", Rule::WholeOrNull(1, (1 << 17) + 1), "80"),
    idle("power", Rule::Number(0.0, 10.0), "1.0", "the spectrum is always a magnitude"),
    theirs("fft_type", Rule::Word(&["real"]), "\"real\""),
    theirs("cycles_per_window", Rule::WholeOrNull(0, 64), "2"),
    theirs("force_recompute_features", Rule::Switch, "false"),
    theirs("n_mfcc", Rule::Whole(1, 128), "8"),
    theirs("n_mel", Rule::Whole(1, 1024), "40"),
    theirs("f_low", Rule::Number(1.0, 100_000.0), "46"),
    theirs("f_high", Rule::Number(2.0, 192_000.0), "1600"),
    theirs("mfcc_dim_reduction", Rule::Word(&["", "pacmap"]), "\"\""),
    theirs("pitch_detection_method", Rule::Word(&["crepe", "pyin", "yin"]), "\"crepe\""),
    theirs("include_voicedness", Rule::Switch, "true"),
    theirs("model_type", Rule::Word(&["GRU"]), "\"GRU\""),
    theirs("hidden_size", Rule::Whole(1, 8192), "256"),
    theirs("criterion", Rule::Word(&["MSE", "WeightedMSE", "Spectral", "LogSpectral"]), "\"MSE\""),
    theirs("optimizer", Rule::Word(&["Adam", "AdamW", "SGD"]), "\"AdamW\""),
    theirs("amsgrad", Rule::Switch, "false"),
    theirs("batch_size", Rule::Whole(1, 1 << 20), "32"),
    theirs("learning_rate", Rule::Number(1e-12, 1e3), "0.006"),
    idle("lr_decay", Rule::Number(0.0, 10.0), "1.0", "\"lr_schedule\" steers the learning rate"),
    theirs("weight_decay", Rule::Number(0.0, 1e3), "0.1"),
    theirs("dropout", Rule::Number(0.0, 0.99), "0.0"),
    theirs("num_epochs", Rule::Whole(1, 1 << 30), "300"),
    theirs("num_batches", Rule::WholeOrNull(1, 1 << 30), "null"),
    theirs("training_seq_length", Rule::Whole(2, 1 << 20), "20"),
    theirs("save_scratch_model_every", Rule::Whole(0, 1 << 30), "600"),
    idle("animate_weights", Rule::Switch, "false", "training draws its loss curves only"),
    idle("record_weights_every", Rule::Whole(0, 1 << 30), "0", "checkpoints keep the weights"),
    idle("do_plotting_on_prediction", Rule::Switch, "true", PREDICT),
    idle("write_audio", Rule::Switch, "true", PREDICT),
    idle("write_spectrum", Rule::Switch, "true", PREDICT),
    ours("compatibility", Rule::WordOrNull(&["main", "dev"]), "null"),
    ours("momentum", Rule::Number(0.0, 0.999_999), "0.9"),
    ours("seed", Rule::Whole(0, 0xffff_ffff), "42"),
    ours("sequence_stride", Rule::WholeOrNull(1, 1 << 20), "null"),
    ours("lr_schedule", Rule::Word(&["cosine", "plateau", "constant"]), "\"cosine\""),
    ours("warmup_steps", Rule::Whole(0, 1 << 30), "50"),
    ours("grad_clip_norm", Rule::NumberOrNull(1e-9, 1e9), "1.0"),
    ours("ema_decay", Rule::Number(0.0, 0.999_999), "0.98"),
    ours("input_noise", Rule::Number(0.0, 10.0), "0.05"),
    ours("random_gain_db", Rule::Number(0.0, 40.0), "3.0"),
    ours("normalise_inputs", Rule::Switch, "true"),
    ours("huber_delta", Rule::NumberOrNull(1e-9, 1e6), "0.002"),
    ours("smoothness_weight", Rule::Number(0.0, 1e6), "0.0"),
    ours("min_voicedness", Rule::Number(0.0, 1.0), "0.0"),
    ours("validation_fraction", Rule::Number(0.001, 0.9), "0.1"),
    ours("validation_stretch_s", Rule::Number(0.001, 1e6), "4.0"),
    ours("train_minutes", Rule::NumberOrNull(1e-6, 1e6), "null"),
    ours("early_stop_patience", Rule::WholeOrNull(1, 1 << 30), "null"),
];

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |words: &[&str]| {
            words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Whole(low, high) => write!(f, "a whole number from {low} to {high}"),
            Self::WholeOrNull(low, high) => {
                write!(f, "a whole number from {low} to {high}, or null")
            }
            Self::Number(low, high) => write!(f, "a number from {low} to {high}"),
            Self::NumberOrNull(low, high) => write!(f, "a number from {low} to {high}, or null"),
            Self::Switch => write!(f, "true or false"),
            Self::Word([only]) => write!(f, "\"{only}\""),
            Self::Word(choices) => write!(f, "one of {}", words(choices)),
            Self::WordOrNull(choices) => write!(f, "one of {}, or null", words(choices)),
            Self::Text => write!(f, "text"),
        }
    }
}

impl Key {
    /// The default.
    pub(super) fn default(&self) -> Value {
        serde_json::from_str(self.default).unwrap_or(Value::Null)
    }

    /// Refuses a value that the key may not hold.
    pub(super) fn check(&self, value: &Value) -> Result<()> {
        let whole = |low, high| value.as_u64().is_some_and(|v| (low..=high).contains(&v));
        let number = |low, high| value.as_f64().is_some_and(|v| (low..=high).contains(&v));
        let word = |words: &[&str]| value.as_str().is_some_and(|v| words.contains(&v));
        let fits = match self.rule {
            Rule::Whole(low, high) => whole(low, high),
            Rule::WholeOrNull(low, high) => value.is_null() || whole(low, high),
            Rule::Number(low, high) => number(low, high),
            Rule::NumberOrNull(low, high) => value.is_null() || number(low, high),
            Rule::Switch => value.is_boolean(),
            Rule::Word(words) => word(words),
            Rule::WordOrNull(words) => value.is_null() || word(words),
            Rule::Text => value.is_string(),
        };
        if fits {
            Ok(())
        } else {
            Err(Error::Parameter(format!(
                "\"{}\" is {}, wanted {}",
                self.name,
                short(value),
                self.rule
            )))
        }
    }
}

/// The key of this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The known name that takes the fewest edits (Levenshtein) to reach.
pub(super) fn nearest(name: &str) -> &'static str {
    KEYS.iter().map(|key| key.name).min_by_key(|known| edits(name, known)).unwrap_or("")
}

fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(200).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
