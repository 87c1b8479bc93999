//! Judges recordings before a network is trained on them: what is in them, and what is wrong.

use super::band::limit_hz;
use super::heard::{BLOCK_S, Heard};
use super::{Frames, Store};
use crate::analysis::FeaturesView;
use crate::audio::Channel;
use crate::params::AnalysisParams;
use crate::{Result, Watch};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;

/// Voicedness from which on a frame has a pitch.
const VOICED: f32 = 0.5;
/// Values of a spectrum, `log(1 + magnitude)`, below which a frame is silent.
const SILENT_SPECTRUM: f32 = 1e-3;
/// Level below which a block is silent whatever else the recording holds, dB below full scale.
const SILENT_DB: f64 = -90.0;
/// How far below the loud passages a block counts as silent, dB.
const SILENT_BELOW_LOUD_DB: f64 = 60.0;
/// Share of silence from which on it is told.
const MOSTLY: f64 = 0.5;
/// Share of the sound with a pitch below which there is none.
const PITCHED: f64 = 0.1;
/// Share of the moments with a tone in which another one sounds, from which on it is told.
const TWO_PITCHES: f64 = 0.25;
/// Moments with a tone that allow a judgement.
const ENOUGH_MOMENTS: usize = 5;
/// Share of the samples near the peak that lie in flat tops, from which on a recording is clipped.
const CLIPPED: f64 = 0.1;
/// Clipped samples below which nothing is told.
const FEW_CLIPPED: u64 = 30;
/// A recording is too quiet if its loud passages are softer than this, dB below full scale.
const QUIET_DB: f64 = -45.0;
/// Sound that is too little to learn from, s.
const SHORT_S: f64 = 30.0;
/// Notes that are too short to learn from, s.
const SHORT_NOTE_S: f64 = 0.3;
/// A pause is a stretch without a pitch of at least this length, s.
const PAUSE_S: f64 = 0.2;
/// Time in pauses that allows a judgement, s.
const ENOUGH_PAUSES_S: f64 = 1.0;
/// Share of the time that is at the lowest level, and how near to it a pause lies, dB.
const LOWEST_SHARE: f64 = 0.01;
const NEAR_LOWEST_DB: f64 = 6.0;
/// Pauses are quiet if they lie so far below the loud passages, dB.
const QUIET_PAUSE_DB: f64 = 30.0;
/// Band limits above this share of what the analysis looks at are not told.
const HIGHEST_LIMIT: f64 = 0.8;
/// A limit above this share of half of the file's own rate is due to the rate.
const AT_NYQUIST: f64 = 0.9;
/// Codecs cut off above this, Hz.
const CODEC_HZ: f64 = 11_000.0;
/// File names that a line lists; more are counted only.
const NAMES_LISTED: usize = 3;

/// What recordings hold, and what is wrong with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Number of recordings.
    pub recordings: usize,
    /// Their length, s.
    pub seconds: f64,
    /// Share of this time that is silent, 0 to 1.
    pub silent_share: f64,
    /// Share of the time that is not silent in which there is a pitch, 0 to 1.
    pub pitched_share: f64,
    /// Lowest and highest pitch, Hz, but for the outermost fiftieth; `None` if there is no pitch.
    pub range_hz: Option<[f32; 2]>,
    /// From the soft to the loud passages, dB; `None` if the samples are not at hand.
    pub dynamics_db: Option<f64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A word for programs: `silent`, `mostly_silent`, `no_pitch`, `two_pitches`, `clipped`,
    /// `loud_pauses`, `too_short`, `short_notes`, `too_quiet`, `band_limited`, or `file` for what
    /// was wrong with a file.
    pub kind: &'static str,
    /// One line.
    pub message: String,
}

/// One recording: its pitch, and what is heard in it if its file is there.
struct Recording {
    name: String,
    frames: usize,
    frames_s: f64,
    /// Highest frequency that the analysis looks at, Hz.
    top_hz: f64,
    f0_hz: Vec<Option<f32>>,
    is_silent: bool,
    heard: Option<Heard>,
}

impl Frames {
    /// Judges the recordings of these frames. Their files are read again, as far as they are there;
    /// `channel` is the one that was analysed.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    pub fn report(&self, channel: Channel, watch: &Watch) -> Result<Report> {
        // The frames of a recording follow one another.
        let index = self.file_index.view().to_vec();
        let features = self.features.view();
        let begin = |file: usize| index.partition_point(|of| i64::from(*of) < file as i64);
        let recordings: Result<Vec<_>> = (0..self.files.len())
            .into_par_iter()
            .map(|file| {
                let rows = features.rows(begin(file)..begin(file + 1));
                Recording::of(&self.files[file], &rows, self.params.analysis(), channel, watch)
            })
            .collect();
        let lines = self.warnings.iter().map(|remark| remark.message.clone());
        Ok(Report::of(&recordings?, lines.collect()))
    }
}

impl Store {
    /// Judges the recordings of this store, see [`Frames::report`].
    ///
    /// # Errors
    /// Those of [`Store::shard`], and [`Error::Interrupted`](crate::Error::Interrupted).
    pub fn report(&self, channel: Channel, watch: &Watch) -> Result<Report> {
        let recordings: Result<Vec<_>> = (0..self.entries.len())
            .into_par_iter()
            .map(|index| {
                let shard = self.shard(index)?;
                let rows = shard.features.view();
                let analysis = self.params.analysis();
                Recording::of(&self.entries[index].path, &rows, analysis, channel, watch)
            })
            .collect();
        let lines = self.warnings().into_iter().map(|remark| remark.message);
        Ok(Report::of(&recordings?, lines.collect()))
    }
}

impl Recording {
    fn of(
        name: &str,
        features: &FeaturesView,
        analysis: &AnalysisParams,
        channel: Channel,
        watch: &Watch,
    ) -> Result<Self> {
        watch.check()?;
        let frames_s = f64::from(analysis.sample_rate) / analysis.hop_size as f64;
        let voiced = features.voicedness.iter().map(|voicedness| *voicedness >= VOICED);
        let f0_hz: Vec<_> = voiced
            .zip(features.f0_hz)
            .map(|(is_voiced, f0_hz)| (is_voiced && *f0_hz > 0.0).then_some(*f0_hz))
            .collect();
        let is_silent = !features.spectrum.iter().any(|value| *value > SILENT_SPECTRUM);
        // Frames of samples in memory, or of files that have gone, are judged by themselves.
        let path = Path::new(name);
        let heard = Heard::of_file_if_there(path, channel, watch)?;
        let top_hz = f64::from(analysis.sample_rate) / 2.0;
        let (name, frames) = (name.into(), f0_hz.len());
        Ok(Self { name, frames, frames_s, top_hz, f0_hz, is_silent, heard })
    }

    fn seconds(&self) -> f64 {
        match &self.heard {
            Some(heard) => heard.seconds,
            None => self.frames as f64 / self.frames_s,
        }
    }

    fn pitched_s(&self) -> f64 {
        self.f0_hz.iter().flatten().count() as f64 / self.frames_s
    }

    /// Levels of the blocks that are not silent, dB, from soft to loud.
    fn levels_db(&self) -> Vec<f64> {
        let Some(heard) = &self.heard else { return Vec::new() };
        let mut levels: Vec<f64> =
            heard.powers.iter().map(|power| decibel(*power)).filter(|db| *db > SILENT_DB).collect();
        levels.sort_by(f64::total_cmp);
        let least = percentile(&levels, 0.95).map_or(0.0, |loud| loud - SILENT_BELOW_LOUD_DB);
        levels.retain(|db| *db > least);
        levels
    }

    /// Time that is not silent, s.
    fn sounding_s(&self) -> f64 {
        if self.is_silent {
            0.0
        } else if self.heard.is_some() {
            (self.levels_db().len() as f64 * BLOCK_S).min(self.seconds())
        } else {
            self.seconds()
        }
    }

    /// What is wrong with this recording, each with the word for it.
    fn faults(&self) -> Vec<(&'static str, String)> {
        let sounding_s = self.sounding_s();
        if sounding_s < BLOCK_S {
            return vec![("silent", "there is no sound in it".into())];
        }
        let mut faults = Vec::new();
        let mut add = |kind, line: Option<String>| faults.extend(line.map(|line| (kind, line)));
        let pitched = self.pitched_s() / sounding_s;
        add(
            "no_pitch",
            (pitched < PITCHED).then(|| {
                "no pitch was found: it is noise, or sounds too many notes at once; a model learns \
                 one note at a time"
                    .into()
            }),
        );
        let Some(heard) = &self.heard else { return faults };
        let levels = self.levels_db();
        let loud_db = percentile(&levels, 0.95).unwrap_or(SILENT_DB);
        let two_pitches = two_pitches(heard);
        // Where several notes sound, or nearly nothing, no pitch is no pause.
        let judge_pauses = pitched >= PITCHED && two_pitches.is_none() && loud_db >= QUIET_DB;
        add("two_pitches", two_pitches);
        add("clipped", clipped(heard));
        add("loud_pauses", self.loud_pauses(heard, loud_db).filter(|_| judge_pauses));
        add(
            "too_quiet",
            (loud_db < QUIET_DB).then(|| {
                format!(
                    "its loud passages lie {:.0} dB below full scale, and a model of soft sound is \
                     coarser; record it louder, or raise its level",
                    -loud_db
                )
            }),
        );
        add("band_limited", self.band_limited(heard));
        faults
    }

    /// Pauses that are not quiet: stretches without a pitch at the lowest level of the recording,
    /// where what fills them lies. Stretches above it may be notes whose pitch is not clear.
    fn loud_pauses(&self, heard: &Heard, loud_db: f64) -> Option<String> {
        let lowest_db = percentile(&self.levels_db(), LOWEST_SHARE)?;
        let least_frames = (PAUSE_S * self.frames_s).ceil() as usize;
        let block = |frame: usize| (frame as f64 / self.frames_s / BLOCK_S) as usize;
        let mut pauses_db = Vec::new();
        let mut at = 0;
        for run in self.f0_hz.chunk_by(|a, b| a.is_some() == b.is_some()) {
            let (start, stop) = (at, at + run.len());
            at = stop;
            if run[0].is_some() || run.len() < least_frames {
                continue;
            }
            let powers = heard.powers.get(block(start) + 1..block(stop)).unwrap_or_default();
            let mut levels_db: Vec<f64> = powers.iter().map(|power| decibel(*power)).collect();
            levels_db.sort_by(f64::total_cmp);
            if percentile(&levels_db, 0.25).is_some_and(|db| db < lowest_db + NEAR_LOWEST_DB) {
                pauses_db.extend(levels_db);
            }
        }
        if (pauses_db.len() as f64) * BLOCK_S < ENOUGH_PAUSES_S {
            return None;
        }
        pauses_db.sort_by(f64::total_cmp);
        let below_db = loud_db - percentile(&pauses_db, 0.25)?;
        (below_db < QUIET_PAUSE_DB).then(|| {
            format!(
                "its pauses are only {below_db:.0} dB softer than its loud passages: hum, noise or \
                 reverb fills them"
            )
        })
    }

    /// An upper limit of the frequencies, as far as the analysis looks at them.
    fn band_limited(&self, heard: &Heard) -> Option<String> {
        let found_hz = limit_hz(&heard.spectrum, HIGHEST_LIMIT * self.top_hz)?;
        let reason = if found_hz > AT_NYQUIST * heard.spectrum.nyquist_hz() {
            "its sample rate holds no more"
        } else if found_hz < CODEC_HZ {
            "a model of it sounds as dull"
        } else {
            "as a codec such as mp3 leaves it; the original is better"
        };
        Some(format!("there is nothing above {} kHz: {reason}", (found_hz / 100.0).round() / 10.0))
    }
}

fn two_pitches(heard: &Heard) -> Option<String> {
    let share = heard.several as f64 / heard.tonal.max(1) as f64;
    (heard.tonal >= ENOUGH_MOMENTS && share > TWO_PITCHES).then(|| {
        format!(
            "two pitches sound at once in {:.0} % of it: several notes, hum, or a room in which \
             notes ring on; a model learns one note at a time",
            100.0 * share
        )
    })
}

fn clipped(heard: &Heard) -> Option<String> {
    (heard.clipped_samples >= FEW_CLIPPED && heard.clipped_share > CLIPPED).then(|| {
        format!(
            "{} samples are clipped, which a model learns as its sound; record it softer",
            heard.clipped_samples
        )
    })
}

impl Report {
    fn of(recordings: &[Recording], lines: Vec<String>) -> Self {
        let seconds: f64 = recordings.iter().map(Recording::seconds).sum();
        let sounding_s: f64 = recordings.iter().map(Recording::sounding_s).sum();
        let pitched_s: f64 = recordings.iter().map(Recording::pitched_s).sum();
        let mut f0_hz: Vec<f32> =
            recordings.iter().flat_map(|r| r.f0_hz.iter().flatten().copied()).collect();
        f0_hz.sort_by(f32::total_cmp);
        let mut levels: Vec<f64> = recordings.iter().flat_map(Recording::levels_db).collect();
        levels.sort_by(f64::total_cmp);
        let mut report = Self {
            recordings: recordings.len(),
            seconds,
            silent_share: (1.0 - sounding_s / seconds.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0),
            pitched_share: (pitched_s / sounding_s.max(f64::MIN_POSITIVE)).min(1.0),
            range_hz: percentile(&f0_hz, 0.02)
                .zip(percentile(&f0_hz, 0.98))
                .map(|(low, high)| [low, high]),
            dynamics_db: percentile(&levels, 0.95)
                .zip(percentile(&levels, 0.05))
                .map(|(loud, soft)| loud - soft),
            findings: Vec::new(),
        };
        if sounding_s < BLOCK_S {
            (report.silent_share, report.pitched_share, report.range_hz) = (1.0, 0.0, None);
            report.find("silent", "there is no sound in it".into());
            report.findings.extend(lines.into_iter().map(of_file));
            return report;
        }
        report.find_in_all(sounding_s, recordings);
        report.findings.extend(grouped(recordings));
        report.findings.extend(lines.into_iter().map(of_file));
        report
    }

    fn find(&mut self, kind: &'static str, message: String) {
        self.findings.push(Finding { kind, message });
    }

    /// What is wrong with all recordings together.
    fn find_in_all(&mut self, sounding_s: f64, recordings: &[Recording]) {
        if self.silent_share > MOSTLY {
            let percent = 100.0 * self.silent_share;
            self.find(
                "mostly_silent",
                format!("{percent:.0} % of it is silence, most of which is not trained on"),
            );
        }
        if sounding_s < SHORT_S {
            self.find(
                "too_short",
                format!(
                    "there are {} of sound; a minute or more makes a good model",
                    seconds_text(sounding_s)
                ),
            );
        }
        let mut notes_s: Vec<f64> = recordings.iter().flat_map(Recording::notes_s).collect();
        notes_s.sort_by(|a, b| b.total_cmp(a));
        // Half of the time with a pitch lies in notes of at least this length.
        let total_s: f64 = notes_s.iter().sum();
        let mut before_s = 0.0;
        let half = notes_s.iter().find(|note_s| {
            before_s += **note_s;
            before_s >= total_s / 2.0
        });
        if let Some(note_s) = half.filter(|note_s| **note_s < SHORT_NOTE_S) {
            self.find(
                "short_notes",
                format!(
                    "its notes last {note_s:.2} s: a model learns how sound goes on, which longer \
                     notes show"
                ),
            );
        }
    }

    /// Whether there is no sound in any of the recordings, so that no model can be made of them.
    pub fn is_silent(&self) -> bool {
        self.silent_share >= 1.0
    }

    /// One line: "1:58 of sound, 81 % pitched, C#3 to A5, soft to loud 34 dB, nothing clipped".
    pub fn summary(&self) -> String {
        let mut parts = vec![format!("{} of sound", seconds_text(self.seconds))];
        parts.push(format!("{:.0} % pitched", 100.0 * self.pitched_share));
        if let Some([low, high]) = self.range_hz {
            let (low, high) = (note_name(low), note_name(high));
            parts.push(if low == high { low } else { format!("{low} to {high}") });
        }
        if let Some(dynamics_db) = self.dynamics_db {
            parts.push(format!("soft to loud {dynamics_db:.0} dB"));
            if self.findings.iter().all(|finding| finding.kind != "clipped") {
                parts.push("nothing clipped".into());
            }
        }
        parts.join(", ")
    }

    /// All of it, for programs.
    pub fn to_json(&self) -> Value {
        let findings: Vec<Value> =
            self.findings.iter().map(|f| json!({"kind": f.kind, "message": f.message})).collect();
        json!({
            "summary": self.summary(),
            "recordings": self.recordings,
            "seconds": self.seconds,
            "silent_share": self.silent_share,
            "pitched_share": self.pitched_share,
            "range_hz": self.range_hz,
            "dynamics_db": self.dynamics_db,
            "warnings": findings,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.summary())?;
        self.findings.iter().try_for_each(|finding| write!(f, "\nwarning: {}", finding.message))
    }
}

impl Recording {
    /// Lengths of the stretches with a pitch, s.
    fn notes_s(&self) -> Vec<f64> {
        self.f0_hz
            .chunk_by(|a, b| a.is_some() == b.is_some())
            .filter(|run| run[0].is_some())
            .map(|run| run.len() as f64 / self.frames_s)
            .collect()
    }
}

fn of_file(message: String) -> Finding {
    Finding { kind: "file", message }
}

/// The faults of all recordings, one line for each kind, with the names if there are several.
fn grouped(recordings: &[Recording]) -> Vec<Finding> {
    let mut groups: Vec<(&'static str, String, Vec<&str>)> = Vec::new();
    for recording in recordings {
        for (kind, line) in recording.faults() {
            match groups.iter_mut().find(|group| group.0 == kind) {
                Some(group) => group.2.push(&recording.name),
                None => groups.push((kind, line, vec![&recording.name])),
            }
        }
    }
    let finding = |(kind, line, names): (&'static str, String, Vec<&str>)| {
        let message =
            if recordings.len() == 1 { line } else { format!("{}: {line}", listed(&names)) };
        Finding { kind, message }
    };
    groups.into_iter().map(finding).collect()
}

/// "a.wav, b.wav, c.wav and 9 more"
fn listed(names: &[&str]) -> String {
    let first = names[..names.len().min(NAMES_LISTED)].join(", ");
    match names.len().saturating_sub(NAMES_LISTED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn decibel(power: f32) -> f64 {
    10.0 * f64::from(power.max(1e-20)).log10()
}

/// The value below which a share of sorted values lies; `None` if there are none.
fn percentile<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((share * last as f64).round() as usize).copied()
}

/// "1:58", or "8.2 s" below a minute.
fn seconds_text(seconds: f64) -> String {
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The name of the key nearest to a frequency: "A4" for 440 Hz.
fn note_name(hz: f32) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    let key = (69.0 + 12.0 * (hz / 440.0).log2()).round() as i32;
    format!("{}{}", NAMES[key.rem_euclid(12) as usize], key.div_euclid(12) - 1)
}
