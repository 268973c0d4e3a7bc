"""The printed report of a daylight assessment, in Korean or English: A4 as PDF, its fonts embedded."""

from analysis.sun.report.write import SunReport, write_report

__all__ = ["SunReport", "write_report"]
