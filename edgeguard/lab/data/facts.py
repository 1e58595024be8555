"""What is known about each data set without loading it: its home, its files, its terms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Facts:
    """One data set.

    Attributes:
        summary: What it is, in a line.
        terms: Licence or terms of use, and whom to cite.
        caution: What a model trained on it must not be taken for; model cards print it.
        archive_url: Zip archive at the original home; None where the set is made on the fly.
        folder: Its own folder inside the data folder.
        files: Groups of file names; any one group is the whole set, the first one present is read.
        content_sha256: `edgeguard.lab.data.fetch.content_sha256` of the published data with the loader's finest labels,
            where the set is published in several formats.
        options: Loader options that give those labels.
        files_sha256: `edgeguard.lab.data.fetch.files_sha256` of the published files, where there is one format.
        archive_sha256: Of the archive itself, where its content is not told otherwise.
        yours: Whether the user brings files of his own.
        shareable: Whether single windows may be passed on: those in a bundle's self-test are.
    """

    summary: str
    terms: str
    caution: str
    archive_url: str | None = None
    folder: str = ""
    files: tuple[tuple[str, ...], ...] = ()
    content_sha256: str = ""
    options: tuple[tuple[str, str], ...] = ()
    files_sha256: str = ""
    archive_sha256: str = ""
    yours: bool = False
    shareable: bool = False

    def find(self, data_folder: Path, group: int | None = None) -> tuple[Path, ...] | None:
        """The files of the first group that is whole, in `data_folder` or in its own folder there; else None.

        Given the number of a `group`, only that one counts.
        """
        groups = self.files if group is None else self.files[group : group + 1]
        for place in (data_folder / self.folder, data_folder):
            for names in groups:
                if all((place / name).exists() for name in names):
                    return tuple(place / name for name in names)
        return None


_MITBIH_RECORDS: Final = (
    *(100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 111, 112, 113, 114, 115, 116, 117, 118, 119, 121, 122, 123),
    *(124, 200, 201, 202, 203, 205, 207, 208, 209, 210, 212, 213, 214, 215, 217, 219, 220, 221, 222, 223, 228, 230),
    *(231, 232, 233, 234),
)

FACTS: Final[dict[str, Facts]] = {
    "adult": Facts(
        summary="45 222 people of the census of the United States of 1994, 6 continuous and 8 discrete attributes: "
        "who earns more than 50 000 dollars a year? Sex and race are known (UCI)",
        terms="CC BY 4.0; cite Becker & Kohavi 1996 (UCI Machine Learning Repository)",
        caution="The incomes and the people are those of 1994, a row stands for as many people as fnlwgt says, and "
        "some groups are a few hundred rows. No decision about a person may rest on it.",
        archive_url="https://archive.ics.uci.edu/static/public/2/adult.zip",
        folder="adult",
        files=(("adult.data", "adult.test"),),
        files_sha256="c2ed62fd46a340c7620a7e644d3462da0a8e96e60367b4b7143243a418461ca1",
    ),
    "cifar10": Facts(
        summary="60 000 color images of 32 by 32 pixels, 10 classes alike (CIFAR-10)",
        terms="no licence stated: research; cite Krizhevsky 2009",
        caution="Small pictures of animals and vehicles from the web of 2008: a model of it is for study alone.",
        archive_url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        folder="cifar-10-batches-py",
        files=(
            (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"),
            (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"),
            ("cifar10_jpeg.npz",),
            ("cifar10_lossless_subset.npz",),
        ),
        archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
    "ecg5000": Facts(
        summary="5000 heartbeats of one patient with heart failure, z-normalized, 140 samples, 5 classes (UCR archive)",
        terms="cite Dau et al. 2018 (UCR archive); origin PhysioNet BIDMC chf07, ODC-By 1.0",
        caution="All beats come from one patient, split at random: the figures say nothing about other people. "
        "The beats are z-normalized, so an epsilon has no physical unit.",
        archive_url="https://www.timeseriesclassification.com/aeon-toolkit/ECG5000.zip",
        folder="ECG5000",
        files=(
            ("ECG5000_TRAIN.ts", "ECG5000_TEST.ts"),
            ("ECG5000_TRAIN.txt", "ECG5000_TEST.txt"),
            ("ECG5000_TRAIN.tsv", "ECG5000_TEST.tsv"),
            ("ECG5000_TRAIN.arff", "ECG5000_TEST.arff"),
            ("ecg5000.npz",),
        ),
        content_sha256="d4ae4b3489b7ccbffabcbcf930178087e8d6c7729e0897a2951b81ee7e26e899",
        options=(("classes", "five"),),
        shareable=True,
    ),
    "luab_eeg": Facts(
        summary="frontal EEG (Fp1, Fp2) of 43 people with eyes open and closed, 250 Hz, uV, blinks marked by a "
        "detector (Luab)",
        terms="no licence stated: internal evaluation only, do not redistribute; Luab/EEGDataset, Innopolis University",
        caution="The blinks were marked by a threshold on the signal, not by people: a net that finds them has learned "
        "the threshold's idea of a blink, and other movements of the eyes stand unmarked in the clean windows. "
        "In 114 of the 388 recordings the wireless link lost packets, and windows run across them. Windows overlap "
        "and come from few people: intervals, and the promised rate of false alarms, do not hold for other people.",
        folder="eeg",
        files=(("luab_fp1fp2.npz",),),
    ),
    "mitbih": Facts(
        summary="beats annotated by cardiologists in 44 half hours of ambulatory ECG of 43 people without a pacemaker, "
        "360 Hz, mV, 5 classes of ANSI/AAMI EC57 (MIT-BIH Arrhythmia Database)",
        terms="ODC-By 1.0 (PhysioNet); cite Moody & Mark 2001 and Goldberger et al. 2000",
        caution="The records come from one hospital, 1975 to 1979, and were chosen in part for rare arrhythmias: "
        "neither the classes' shares nor the people are those of any population. Beats of one person are much alike: "
        "intervals over beats are too narrow for statements about people. Of class Q there are 15 beats. Records 201 "
        "and 202 are of one man and lie in different halves of the published split.",
        archive_url="https://physionet.org/static/published-projects/mitdb/mit-bih-arrhythmia-database-1.0.0.zip",
        folder="mitdb",
        files=(tuple(f"{record}.{suffix}" for suffix in ("atr", "dat", "hea") for record in _MITBIH_RECORDS),),
        files_sha256="2ac6a1d556abdf21bbe927159f306b32766e9228d3d9c587daeb56e43eadaca0",
        shareable=True,
    ),
    "muse_blinks": Facts(
        summary="950 windows of 2 s of four channels of a Muse headband, 255 Hz, with a short or a long cued blink "
        "each, six people",
        terms="called open by its authors, no licence stated; Kelvin9811/EEG-Blink-dataset",
        caution="Six people, of whom one gave more than half of the windows. The unit is the headband's own, and some "
        "channels are saturated or hum.",
        folder="eeg",
        files=(("muse_blink_cued.npz",),),
    ),
    "tuh_artifact": Facts(
        summary="EEG of 213 patients with eye movements and other artifacts marked by people, 250 Hz and more, uV "
        "(TUH EEG Artifact Corpus, versions 2 and 3)",
        terms="licensed: ask Temple University for access; cite Hamid et al. 2020",
        caution="Where nothing is marked, nobody has said that the signal is clean. Patients of one hospital.",
        folder="tuh_eeg_artifact",
        files=(("edf",),),
    ),
    "recordings": Facts(
        summary="EDF, BDF, CSV or NPZ files of yours, described in a TOML file",
        terms="yours",
        caution="Nothing is known of this data beyond its description.",
        yours=True,
    ),
    "synthetic_ecg": Facts(
        summary="synthetic single-lead ECG of several wearers, 2 s windows in mV, 4 classes, made on the fly",
        terms="none: it is generated",
        caution="The signal is simulated and the same wearers are in training and test: the figures show that the line "
        "works, not how well arrhythmias are found.",
        shareable=True,
    ),
}
