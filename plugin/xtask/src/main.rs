//! `cargo run -p wms-plugin-xtask`: builds the plugin and the program for release, and lays them out under
//! `target/bundled/` as the platform wants them. With arguments it is nice-plug's bundler: `bundle
//! wms-plugin --profile bundle --target ...`, `bundle-universal wms-plugin --profile bundle`.

use std::path::Path;
use std::{env, fs};

use nice_plug_xtask::{Result, build, bundle, chdir_workspace_root};

const PLUGIN: &str = "wms-plugin";
const PROGRAM: &str = "wms-synth";
const PROFILE: &str = "bundle";

fn main() -> Result<()> {
    if env::args().len() > 1 {
        return nice_plug_xtask::main();
    }
    chdir_workspace_root()?;
    let packages = [PLUGIN.to_owned()];
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let target = Path::new(&target);
    let arguments = ["--profile", PROFILE].map(str::to_owned);
    build(&packages, &arguments)?;
    bundle(target, PLUGIN, &arguments, false)?;
    // Second: the plugin itself is not to depend on the libraries that the program needs.
    let arguments =
        ["--profile", PROFILE, "--features", "standalone", "--bin", PROGRAM].map(str::to_owned);
    build(&packages, &arguments)?;
    let file = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    fs::copy(target.join(PROFILE).join(&file), target.join("bundled").join(&file))?;
    eprintln!("Created the program at '{}'", target.join("bundled").join(&file).display());
    Ok(())
}
