//! `cargo run -p wms-plugin-xtask`: builds the plugin and the program for release, and lays them out under
//! `target/bundled/` as the platform wants them; with `plugin`, the plugin alone. With other arguments it
//! is nice-plug's bundler: `bundle wms-plugin --profile bundle --target ...`, `bundle-universal
//! wms-plugin --profile bundle`.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use nice_plug_xtask::{Result, bundle, chdir_workspace_root};

const PLUGIN: &str = "wms-plugin";
const PROGRAM: &str = "wms-synth";
const PROFILE: &str = "bundle";

/// Builds one target of the plugin's package.
fn build(target: &[&str]) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.args(["rustc", "-p", PLUGIN, "--profile", PROFILE]).args(target);
    if !command.status()?.success() {
        return Err(std::io::Error::other(format!("{command:?} failed")).into());
    }
    Ok(())
}

fn main() -> Result<()> {
    let alone = env::args().skip(1).eq(["plugin"]);
    if env::args().len() > 1 && !alone {
        return nice_plug_xtask::main();
    }
    chdir_workspace_root()?;
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let target = Path::new(&target);
    // A shared library alone: cargo optimises across crates only where no rlib comes with it.
    build(&["--lib", "--crate-type", "cdylib"])?;
    bundle(target, PLUGIN, &["--profile", PROFILE].map(str::to_owned), false)?;
    if alone {
        return Ok(());
    }
    // Second: the plugin itself is not to depend on the libraries that the program needs.
    build(&["--features", "standalone", "--bin", PROGRAM])?;
    let file = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    fs::copy(target.join(PROFILE).join(&file), target.join("bundled").join(&file))?;
    eprintln!("Created the program at '{}'", target.join("bundled").join(&file).display());
    Ok(())
}
