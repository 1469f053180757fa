/**
 * Words of four and more letters that stand in names, labels, settings and messages: what a value is made of when nobody drew it at random.
 * Our own list, for telling text from random characters (token-efficiency) and samples from secrets (placeholder). Small letters, singular.
 */
export const COMMON_WORDS: ReadonlySet<string> = new Set(
  `
able about above abstract accept access account action activate active actual adapter address admin administrator advanced after again agent agree alert algorithm alias allow
alpha already also alternate always amazon amount analytics android angular another answer apache apple application apply approve archive area argument around array article
asset assign async attach attempt attribute audience audio audit august auth authenticate authentication author authority authorization auto available avatar away azure
back backend background backup badge balance banner base based basic batch because become been before begin behind below best beta better between beyond binary bind bitbucket
black block blob blue board body book bool boolean boot border both bottom boundary branch brand bridge broker browser buffer build builder bundle business button buyer byte
cache calendar call callback campaign cancel capture card care cart case cast catalog category cell center central certificate chain change channel character charge chart chat
check child choice choose circle city class clean clear click client clock clone close cloud cluster code collect collection color column comma command comment commit common
community company compare compile complete component compute condition config configuration configure confirm connect connection console constant contact container content
context continue contract control controller convert cookie copy core corner correct cost count counter country coupon cover create created creator credential credit cron
cross currency current cursor custom customer daemon daily dark dash dashboard data database dataset date debug december decode decrypt default define definition delay delete
deliver delivery demo deny department depend dependency deploy deployment depth describe description design desktop destination destroy detail detect develop developer
development device diff digest digital direct directory disable disabled discount discover disk dispatch display distance document domain done door double down download draft
drag draw drive driver drop dummy duplicate during dynamic each early east easy edge edit editor effect either elastic element else email embed empty enable enabled encode
encoding encrypt encrypted encryption endpoint engine english enough enter enterprise entity entry enum environment epoch equal error escape event every everyone exact example
exception exchange exclude execute exist exit expand expect expired expire explain explore export express expression extend extension external extra factory fail failed failure
fake false family fast favorite feature federation feed feedback fetch field figure file fill filter final find finger finish fire first fixture flag flash float flow flush
folder follow font foot footer force forever forget forgot form format forward found fragment frame framework free frequency friend from front full function future gallery game
gateway general generate generated generator generic german getter gift github gitlab give given global gold good google grant graph graphql gray great green grid ground group
guard guest guide hand handle handler hard hardware hash have head header health heart heavy height hello help helper here hidden hide high history hold home hook horizontal host
hosting hotel hour house however html http https human icon ideal identifier identity idle ignore image immutable implement import include index info information init initial
inject inner input insert inside install instance instead integer integration interface internal internet interval invalid invite invoice issue item iterator java javascript
join journal json july june junior jump just keep kernel keyboard keycloak keyring keyword kind know known kubernetes label lambda language large last late latest latitude
launch layer layout lead leader league learn least leave left legacy length less letter level library license life light like limit line linear link linux list listen listener
literal little live load loader local locale localhost location lock logger logic login logout long longitude look loop lorem lower lucky machine macro magic mail main maintain major
make maker manage management manager manifest manual many mapping march margin mark market markdown marketing mask master match material matrix maximum media medium meet member
memory menu merchant merge message meta metadata method metric middle migrate migration minimum minor minute mirror missing mobile mock mode model modern modify module money
mongo mongodb monitor month more most mount mouse move movie much multi multiple music must mutable mutation mysql name namespace native nature navigation near need nested
network never news next night node none normal north notice notification notify null number numeric oauth object observer october offer office offline offset older once online
only open openid operation operator option oracle orange order organization origin original other outer output outside over override overview owner pack package page pair panel
paper parallel parameter parent parse parser part partial partner party pass passcode passphrase passport passwd password past paste patch path pattern payload payment pending
people percent perfect perform period permission persist person personal phone photo physical picture pipeline pixel placeholder plain plan planet platform play player please
plugin point policy pool popular port portal position post postal postgres postgresql power prefer preference prefix premium prepare present preset press preview previous price
primary print prior priority privacy private problem process processor prod produce producer product production profile program progress project promise prompt proof property
protect protocol provider provision proxy public publish pull purchase purge push python quality quantity query question queue quick quit quote qwerty rabbit rabbitmq random range
rate rather ratio react read reader ready real realm reason receive recent record recover recovery redirect redis reduce refer reference refresh region register registry regular
reject relation relay release reload remote remove render renew repeat replace replica replication reply report repository request require required reserve reset resolve resource
response rest restart restore result resume retry return revert review revoke right ring role rollback root rotate round route router ruby rule runner runtime safe salt sample
sandbox save scale scan scene schedule schema scope score screen script scroll search season second secret secretary section secure security seed segment select self sell send
sender sentry september sequence serial server service session setting setup severity shadow shape share shared shell shift ship shipping shop short should show side sign
signature signed signer signing silver similar simple since single site size skip slack sleep slice slot slow small smart snapshot social socket soft software solution some
sort sound source space spam special specific speed split spring stack stage staging standard star start startup state statement static station status step still stock stop
storage store story strategy stream street strict string stripe strong structure student studio style subject submit subscribe subscription success such suffix suggest
summary super supplier support supported switch symbol sync syntax system table tablet tail take target task team tech template temporary tenant term terminal terraform test
tested tester testing text than that theme then there these they thing this those thread three threshold through ticket time timeout timer timestamp tiny title today together
toggle token tool toolbar topic total touch tracker track trade traffic train transaction transfer transform translate transport travel tree trial trigger true trust trusted
tunnel twitter type under undefined union unique unit universal unknown unless unlock until update upgrade upload upper usage user username using utility valid validate validation
validator value variable variant vault vector vendor verify verification version vertical very video view viewer virtual visible visit visual voice volume wait wallet want warning
watch water wave weak weather webhook website week weight welcome well west what wheel when where which while white whole width wiki will window wire with within without word work
worker workflow workspace world would wrap wrapper write writer wrong year yellow your zero zone
letmein superuser supersecret topsecret hunter changeme mypassword mysecret yourpassword foobar foobarbaz minio minioadmin deadbeef cafebabe redacted censored removed blank
bearer connector stored broken crash spark docker compose consul ingress helm operator cloudflare heroku vercel netlify dropbox telegram discord paypal facebook instagram linkedin youtube
twilio sendgrid mailgun mailchimp shopify amazonaws microsoft windows ubuntu debian alpine nginx tomcat spring laravel django flask rails symfony wordpress drupal magento joomla
`
    .trim()
    .split(/\s+/),
);
