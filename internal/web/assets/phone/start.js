// Where the app begins: the pages use the app, so something beside both brings them together.
import { start } from './app.js'
import { byName } from './pages.js'

start(byName)
