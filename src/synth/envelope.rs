//! The loudness contour of a note.

/// Times of attack, decay and release, and the sustained level between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnvelopeTimes {
    /// From silence to 90 % of full level, s.
    pub attack_s: f64,
    /// From full level to within 10 % of the sustained level, s.
    pub decay_s: f64,
    /// Level while the key is held down, 0 .. 1.
    pub sustain: f64,
    /// From the release of the key to -60 dB, s.
    pub release_s: f64,
}

impl Default for EnvelopeTimes {
    fn default() -> Self {
        Self { attack_s: 0.005, decay_s: 0.1, sustain: 1.0, release_s: 0.05 }
    }
}

/// Number of time constants in which e^-t falls to 0.1.
const TO_TENTH: f64 = std::f64::consts::LN_10;
/// Number of time constants in which e^-t falls to 0.001.
const TO_THOUSANDTH: f64 = 3.0 * std::f64::consts::LN_10;
/// Number of time constants in which (1 + t) e^-t, two followers of equal speed in a row, falls to
/// 0.1.
const TWICE_TO_TENTH: f64 = 3.889_720;
/// Longest time constant of the second follower, s.
const ROUNDING_S: f64 = 1e-3;
/// Level below which a released note is over: -120 dB.
const SILENCE: f64 = 1e-6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Off,
    Attack,
    Decay,
    Release,
}

/// Two one-pole followers in a row: the first moves to the stage's level at the stage's speed, the
/// second follows it at a constant speed. Neither the level nor its slope ever jumps, whatever happens
/// at any time.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    stage: Stage,
    first: f64,
    second: f64,
    target: f64,
    sustain: f64,
    rate: f64,
    rounding_rate: f64,
    attack_rate: f64,
    decay_rate: f64,
    release_rate: f64,
    sample_rate: f64,
}

/// Share of the remaining distance that a sample covers, for a time constant in samples.
fn rate(samples: f64) -> f64 {
    -(-1.0 / samples.max(1.0)).exp_m1()
}

impl Envelope {
    /// A silent envelope at `sample_rate` Hz.
    pub fn new(times: &EnvelopeTimes, sample_rate: f64) -> Self {
        let mut envelope = Self {
            stage: Stage::Off,
            first: 0.0,
            second: 0.0,
            target: 0.0,
            sustain: 0.0,
            rate: 0.0,
            rounding_rate: 0.0,
            attack_rate: 0.0,
            decay_rate: 0.0,
            release_rate: 0.0,
            sample_rate,
        };
        envelope.set_times(times);
        envelope
    }

    /// Changes the times and the sustained level, also in the middle of a note.
    pub fn set_times(&mut self, times: &EnvelopeTimes) {
        let attack_s = times.attack_s.max(2e-4);
        let rounding_s = (attack_s / TWICE_TO_TENTH).min(ROUNDING_S);
        // The second follower adds about its own time constant to the first one's.
        let follow_s = ((attack_s - rounding_s) / TO_TENTH).max(rounding_s);
        self.sustain = times.sustain;
        self.rounding_rate = rate(rounding_s * self.sample_rate);
        self.attack_rate = rate(follow_s * self.sample_rate);
        self.decay_rate = rate(times.decay_s * self.sample_rate / TO_TENTH);
        self.release_rate = rate(times.release_s * self.sample_rate / TO_THOUSANDTH);
        match self.stage {
            Stage::Off => {}
            Stage::Attack => self.rate = self.attack_rate,
            Stage::Decay => (self.target, self.rate) = (self.sustain, self.decay_rate),
            Stage::Release => self.rate = self.release_rate,
        }
    }

    /// Becomes silent at once.
    pub fn reset(&mut self) {
        self.stage = Stage::Off;
        (self.first, self.second, self.target) = (0.0, 0.0, 0.0);
    }

    /// Begins the attack, because the key has gone down.
    pub fn start(&mut self) {
        self.stage = Stage::Attack;
        (self.target, self.rate) = (1.0, self.attack_rate);
    }

    /// Begins the release, because the key has come up.
    pub fn release(&mut self) {
        if self.stage != Stage::Off {
            self.stage = Stage::Release;
            (self.target, self.rate) = (0.0, self.release_rate);
        }
    }

    /// Falls to -60 dB within about `seconds`, for a voice that is needed for another note.
    pub fn choke(&mut self, seconds: f64) {
        self.release();
        self.rate = self.rate.max(rate(seconds * self.sample_rate / TO_THOUSANDTH));
    }

    /// Whether the note is over, or none has begun.
    pub fn is_off(&self) -> bool {
        self.stage == Stage::Off
    }

    /// Whether the note has been released or choked.
    pub fn is_releasing(&self) -> bool {
        self.stage == Stage::Release
    }

    /// The level now, 0 .. 1.
    pub fn level(&self) -> f64 {
        self.second
    }

    /// Goes one sample further and returns the level.
    #[inline]
    pub fn process(&mut self) -> f32 {
        self.first += self.rate * (self.target - self.first);
        self.second += self.rounding_rate * (self.first - self.second);
        match self.stage {
            Stage::Attack if self.second > 0.99 => {
                self.stage = Stage::Decay;
                (self.target, self.rate) = (self.sustain, self.decay_rate);
            }
            Stage::Release if self.second < SILENCE && self.first < SILENCE => self.reset(),
            _ => {}
        }
        self.second as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_said() {
        let rate = 48_000.0;
        let times = EnvelopeTimes { attack_s: 0.01, decay_s: 0.05, sustain: 0.5, release_s: 0.1 };
        let mut envelope = Envelope::new(&times, rate);
        envelope.start();
        let mut at = Vec::new();
        for n in 0..48_000 {
            if n == 24_000 {
                envelope.release();
            }
            envelope.process();
            at.push(envelope.level());
        }
        assert!((at[479] - 0.9).abs() < 0.01, "{}", at[479]);
        assert!((at[23_999] - 0.5).abs() < 1e-3);
        assert!((20.0 * (at[28_799] / 0.5).log10() + 60.0).abs() < 1.0, "{}", at[28_799]);
        assert!(envelope.is_off() && at[47_999].abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn the_slope_never_jumps() {
        let rate = 48_000.0;
        for release_at in [3, 100, 300, 1000, 4000] {
            let mut envelope = Envelope::new(&EnvelopeTimes::default(), rate);
            envelope.start();
            let (mut level, mut slope) = (0.0f64, 0.0f64);
            for n in 0..8000 {
                if n == release_at {
                    envelope.choke(0.005);
                }
                envelope.process();
                let new_slope = envelope.level() - level;
                // The first follower's steepest slope, taken up by the second one.
                let limit = 1.0 / (0.7e-3 * rate) / (1e-3 * rate);
                assert!((new_slope - slope).abs() < limit, "{release_at} {n}");
                (level, slope) = (envelope.level(), new_slope);
            }
        }
    }
}
