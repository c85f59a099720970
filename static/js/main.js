// The front end, one module for each concern. Order matters only in that the session is read first.
import { start as startSession } from "./session.js";
import { start as startFrame } from "./frame.js";
import { start as startNavigation } from "./navigation.js";
import { start as startLoading } from "./loading.js";
import { start as startSelection } from "./selection.js";
import { start as startDialog } from "./dialog.js";
import { start as startJob } from "./job.js";
import { start as startLive } from "./live.js";
import { start as startCopying } from "./copy.js";
import { start as startDownloads } from "./download.js";
import { start as startInstallation } from "./install.js";
import { start as startOverview } from "./overview.js";
import { start as startVisible } from "./visible.js";

startSession();
startFrame();
startNavigation();
startLoading();
startSelection();
startDialog();
startJob();
startLive();
startCopying();
startDownloads();
startInstallation();
startOverview();
startVisible();
